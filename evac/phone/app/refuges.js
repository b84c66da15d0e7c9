// Those who wait at refuges: what they are told, and by whom. What is said here is said at once or not at all.

import {ask} from "./net.js";
import {clock, language, t} from "./words.js";
import {$, el, why} from "./view.js";

const helps = ["told", "coming", "stay"];

const idOf = r => JSON.stringify([r.point, r.site]);
const nameOf = r => r.point || (r.site ? t("place_at", {site: r.site}) : t("place_none"));

// unanswered: somebody waits there who may not know that they are heard of.
const unanswered = r => (r.waiting > 0 || r.heard?.count > 0) && (!r.told || r.waiting_since > 0) || r.still || r.beside.length > 0;

// answer tells a node, and gives what is to be said of it.
export async function answer(m, place, help) {
  const at = idOf(place), says = t("help_" + help);
  try {
    const {status, data} = await ask(m.from, m.pairing.key, "refuge", {point: place.point || "", site: place.site || "", help});
    if (status === 410) return {at, over: true, text: ""};
    if (status === 200) return {at, text: t("told_ok", {place: nameOf(place), says, node: m.fromName})};
    return {at, fault: true, text: t("told_failed", {why: why(data)})};
  } catch {
    return {at, fault: true, text: t("told_lost")};
  }
}

// showRefuges shows them while an evacuation runs. on is called with a refuge and
// what is pressed.
export function showRefuges(m, ui, on) {
  const all = m.list?.evacuation ? m.refuges : [];
  const box = $("refuges"), open = all.filter(unanswered).length;
  box.hidden = all.length === 0;
  box.dataset.urgent = String(open > 0);
  const waiting = all.reduce((n, r) => n + r.waiting, 0);
  const head = open ? t("refuges_open", {n: open}) : waiting ? t("refuges_n", {n: waiting}) : t("refuges");
  if ($("refuges-n").textContent !== head) $("refuges-n").textContent = head;
  const sign = JSON.stringify([all, ui.told, ui.sure, m.contact, language()]);
  if ($("places").sign === sign) return;
  $("places").sign = sign;
  const focus = $("places").contains(document.activeElement) ? document.activeElement.dataset.key : "";
  $("places").replaceChildren(...all.map(r => rowOf(r, m, ui, on)));
  if (focus) [...$("places").querySelectorAll("button")].find(b => b.dataset.key === focus)?.focus();
}

function rowOf(r, m, ui, on) {
  const at = idOf(r), name = nameOf(r);
  const said = x => x.help ? t("told_by", {says: t("help_" + x.help), node: x.by, time: clock(Date.parse(x.at))})
    : x.count ? t("heard_n", {n: x.count, node: x.by, time: clock(Date.parse(x.at))}) : t("heard_read", {node: x.by, time: clock(Date.parse(x.at))});
  const button = (help, word, press) => el("button", {
    type: "button", className: "button" + (r.told?.help === help ? "" : " quiet"), ariaPressed: String(r.told?.help === help), ariaLabel: word + ": " + name,
    disabled: !m.contact, dataset: {key: at + help}, onclick: press,
  }, word);
  const sure = ui.sure === at;
  const fetched = button("fetched", t(sure ? "fetched_sure" : "help_fetched"), () => {
    if (sure) { ui.sure = ""; on(r, "fetched"); return; }
    ui.sure = at;
    setTimeout(() => { if (ui.sure === at) { ui.sure = ""; showRefuges(m, ui, on); } }, 5000);
    showRefuges(m, ui, on);
  });
  const lines = [
    r.told ? said(r.told) : t("told_none"), r.told ? t(r.read ? "is_read" : "not_read") : "",
    r.waiting_since > 0 && r.told ? t("since_told", {n: r.waiting_since}) : "", ...r.beside.map(said),
    r.heard ? said(r.heard) : "", r.still ? t("still_there") : "",
  ].filter(Boolean);
  return el("li", {dataset: {urgent: String(unanswered(r))}},
    el("p", {className: "who"}, el("strong", {}, name), r.waiting ? el("span", {className: "chip"}, t("waiting_n", {n: r.waiting})) : null),
    ...lines.map(x => el("p", {className: "facts"}, x)),
    m.contact ? null : el("p", {className: "facts"}, t("told_alone")),
    ui.told?.at === at ? el("p", {className: ui.told.fault ? "fault" : "said"}, ui.told.text) : null,
    el("div", {className: "marks two"}, ...helps.map(h => button(h, t("help_" + h), () => on(r, h)))),
    el("div", {className: "marks one apart"}, fetched));
}
