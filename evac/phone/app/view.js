// Laying the page out. Nothing that a person wrote is ever taken for markup, and
// a row that has not changed is left alone, so that the focus stays in it.

import {clock, t, words, language} from "./words.js";
import {canUndo} from "./acts.js";
import {counts, select} from "./model.js";

export const $ = id => document.getElementById(id);

// el makes an element; a text among the children stays text.
export function el(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props)) {
    if (k === "dataset") Object.assign(e.dataset, v);
    else if (k.startsWith("aria") || k === "role" || k === "lang") e.setAttribute(k.replace(/([A-Z])/g, "-$1").toLowerCase(), v);
    else e[k] = v;
  }
  e.append(...children.filter(c => c !== null && c !== ""));
  return e;
}

export function speak() {
  document.documentElement.lang = language();
  document.title = "Upprop";
  for (const e of document.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t);
  $("lang").textContent = t("other");
  $("lang").lang = language() === "sv" ? "en" : "sv";
}

function set(e, text) { if (e.textContent !== text) e.textContent = text; }

// why is a refusal in the reader's words, or in the node's where there are none.
export const why = w => !w ? "" : words[language()][w.key] || t("failed_why", {error: w.error, hint: w.hint});

export const stateWord = s => t(s === "refuge" ? "refuge_s" : s);

let saying = 0;

// say tells who listens; of two at once the last.
export function say(text) {
  cancelAnimationFrame(saying);
  $("live").textContent = "";
  if (text) saying = requestAnimationFrame(() => { $("live").textContent = text; });
}

export function showStart(title, paras, form) {
  $("board").hidden = true;
  $("last").hidden = true;
  $("start").hidden = false;
  $("start-form").hidden = !form;
  set($("start-title"), title);
  $("start-text").replaceChildren(...paras.filter(Boolean).map(p => el("p", {}, p)));
}

export function showTop(m) {
  $("start").hidden = true;
  $("board").hidden = false;
  set($("place"), m.campus || m.fromName || "Upprop");
  const waits = m.acts.unheard();
  const tail = waits ? " " + t("waits", {n: waits}) : "";
  const c = $("contact");
  let text;
  if (m.contact) text = t("contact", {node: m.fromName, time: clock(m.asOf)});
  else if (m.stranger) text = t("stranger");
  else if (m.list) text = t("lost", {since: clock(m.heard), time: clock(m.asOf)});
  else text = m.lostAt ? t("lost_none") : t("first");
  c.dataset.is = m.contact ? "on" : m.lostAt || m.stranger ? "off" : "new";
  set(c, text + tail);
  const l = m.list;
  for (const id of ["evac", "counts", "doubt", "scope"]) $(id).hidden = !l;
  if (!l) return;
  const e = l.evacuation;
  $("evac").dataset.is = e ? e.kind : "rest";
  const where = e?.sites?.length ? e.sites.join(", ") : t("campus");
  set($("evac"), e ? t(e.kind === "drill" ? "drill" : "real", {time: clock(Date.parse(e.started_at))}) + " · " + where : t("rest"));
  const n = counts(m.people, m.acts);
  $("counts").replaceChildren(el("strong", {className: "figures"}, String(n.find)), " " + t("counts_find") + " · ", el("strong", {className: "figures"}, String(n.safe)), " " + t("counts_safe"));
  const behind = l.entrances.filter(d => !["here", "fresh"].includes(d.state)).map(d => d.last_heard ? t("behind", {door: d.name, time: clock(Date.parse(d.complete_as_of || d.last_heard))}) : t("behind_never", {door: d.name}));
  const fed = all => all.map(f => t(!f.last_heard ? "fed_never" : f.silent ? "fed_silent" : "fed", {feed: f.name, time: clock(Date.parse(f.last_heard))})).join(", ");
  const feeds = l.feeds || [], silent = feeds.filter(f => f.silent);
  const doubts = [n.unsure ? t("doubt", {n: n.unsure}) : "", ...behind, silent.length ? t("fed_doubt", {feeds: fed(silent)}) : ""].filter(Boolean);
  set($("doubt"), doubts.length ? doubts.join(" · ") + "." : "");
  $("doubt").hidden = doubts.length === 0;
  // That one is silent is said in the line of doubts, above.
  const scope = [feeds.length ? t("scope_fed", {feeds: feeds.map(f => f.silent ? f.name : fed([f])).join(", ")}) : t(l.scope === "visitors" ? "scope_v" : "scope_s")];
  if (l.names !== "shown") scope.push(t("names_no"));
  if (l.erasures_unknown_since) scope.push(t("unknown", {time: clock(Date.parse(l.erasures_unknown_since))}));
  set($("scope"), scope.join(" "));
}

// showPeople shows at most so many of those who are sought. on is called with
// what is pressed.
export function showPeople(m, ui, on) {
  const found = select(m.people, m.acts, ui.show, ui.query);
  const list = $("people"), shown = found.slice(0, ui.limit);
  const had = new Map([...list.children].map(e => [e.dataset.code, e]));
  let at = list.firstElementChild;
  for (const x of shown) {
    const sign = JSON.stringify([x.p, x.act?.once, x.act?.state, x.state, ui.open === x.p.code, language()]);
    let row = had.get(x.p.code);
    had.delete(x.p.code);
    if (!row || row.sign !== sign) {
      const fresh = rowOf(x, ui, on), focus = row?.contains(document.activeElement) && document.activeElement.name;
      fresh.sign = sign;
      if (row) { if (row === at) at = fresh; row.replaceWith(fresh); }
      row = fresh;
      if (focus) row.querySelector(`[name="${focus}"]`)?.focus();
    }
    if (row !== at) list.insertBefore(row, at); else at = at.nextElementSibling;
  }
  for (const e of had.values()) e.remove();
  $("more").hidden = found.length <= shown.length;
  set($("found"), found.length === 0 ? t(ui.query ? "found_none" : ui.show === "find" ? (m.list?.scope === "visitors" ? "none" : "none_s") : "found_none")
    : found.length > shown.length ? t("found_of", {n: shown.length, all: found.length}) : t("found", {n: found.length}));
}

function rowOf({p, act, state}, ui, on) {
  const button = (name, word, quiet) => el("button", {type: "button", className: "button" + (quiet ? " quiet" : ""), name, ariaLabel: word + ": " + p.label, onclick: () => on(p, name)}, word);
  const open = ui.open === p.code;
  const more = el("button", {type: "button", className: "button quiet", name: "more", ariaExpanded: String(open), ariaLabel: t("do_more") + ": " + p.label, onclick: () => on(p, "more")}, t("do_more"));
  const facts = [p.company, p.host ? t("host", {name: p.host}) : "", p.zone, p.name ? p.badge : ""].filter(Boolean).join(" · ");
  const said = act ? [act.state === "kept" ? t("kept") : t("recorded", {node: act.nodeName}), act.point ? t("at", {point: act.point}) : ""]
    : [p.marked_by ? t("by", {node: p.marked_by, time: clock(Date.parse(p.marked_at))}) : "", p.point ? t("at", {point: p.point}) : "", p.disputed ? t("disputed") : "", p.not_sure ? t("not_sure") : ""];
  const line = said.filter(Boolean).join(" · ");
  return el("li", {dataset: {code: p.code, state}},
    el("p", {className: "who"}, el("strong", {}, p.label), el("span", {className: "chip", dataset: {state}}, stateWord(state))),
    p.assist ? el("p", {className: "assist"}, el("strong", {}, t("assist")), " " + p.assist) : null,
    facts ? el("p", {className: "facts"}, facts) : null,
    line ? el("p", {className: "facts", dataset: {act: act?.state || ""}}, line) : null,
    el("div", {className: "marks"}, button("safe", t("do_safe"), state === "safe"), button("missing", t("do_missing"), true), more),
    open ? el("div", {className: "marks two"}, button("refuge", t("do_refuge"), true), button("inside", t("do_inside"), true)) : null);
}

export function showPoints(m, here) {
  // Those that are set up, and those where somebody has been marked.
  const s = $("point"), names = [...new Set([...m.points.map(p => p.name), ...m.people.map(p => p.point).filter(Boolean), ...here ? [here] : []])];
  const sign = JSON.stringify([names, here, language()]);
  if (s.sign === sign) return;
  s.sign = sign;
  s.replaceChildren(el("option", {value: ""}, t("no_point")), ...names.map(n => {
    const p = m.points.find(p => p.name === n);
    return el("option", {value: n}, [n, p?.site, p?.refuge ? t("refuge") : ""].filter(Boolean).join(", "));
  }));
  s.value = here;
}

export function showActs(m, on) {
  const all = m.acts.all.filter(a => a.state !== "gone").slice(-30).reverse();
  const failed = all.filter(a => a.state === "failed").length;
  set($("own-n"), all.length ? `(${all.length}${failed ? ", " + failed + " " + t("failed") : ""})` : "");
  const sign = JSON.stringify([all.map(a => [a.once, a.state, a.undone, a.why]), language()]);
  if ($("acts").sign === sign) return;
  $("acts").sign = sign;
  $("acts").replaceChildren(...all.map(a => {
    const what = a.kind === "undo" ? t("undo_of") : a.kind === "add" ? t("m_add") : stateWord(a.mark);
    const is = a.undone ? t("undone") : a.state === "recorded" ? t("recorded", {node: a.nodeName}) : t(a.state);
    const buttons = [];
    const button = (name, word) => buttons.push(el("button", {type: "button", className: "button quiet", ariaLabel: `${word}: ${a.label}`, onclick: () => on(a, name)}, word));
    if (a.state === "failed") { button("again", t("again")); button("undo", t("drop")); }
    else if (canUndo(a) && !a.undone) button("undo", t("undo"));
    return el("li", {}, el("p", {}, el("strong", {}, a.label), ` · ${what} · ${clock(Date.parse(a.at))} · ${is}`),
      a.why ? el("p", {className: "fault"}, why(a.why)) : null, buttons.length ? el("div", {className: "marks two"}, ...buttons) : null);
  }));
  if (all.length === 0) $("acts").replaceChildren(el("li", {}, t("own_none")));
}

export function showAbout(m, on) {
  set($("pairing"), t("pairing", {id: m.pairing.id, label: m.pairing.label, time: clock(m.pairing.ends, true)}).replace(" .", "."));
  const sign = JSON.stringify([m.bases(), m.from, m.added, language()]);
  if ($("nodes").sign === sign) return;
  $("nodes").sign = sign;
  $("nodes").replaceChildren(...m.bases().map(base => {
    const notes = [base === location.origin ? t("node_here") : "", base === m.from ? t("node_last") : ""].filter(Boolean).join(", ");
    return el("li", {}, el("p", {}, el("strong", {}, m.nameOf(base)), ` · ${base}` + (notes ? ` · ${notes}` : "")),
      m.added.some(n => n.url === base) ? el("button", {type: "button", className: "button quiet", ariaLabel: t("remove") + ": " + base, onclick: () => on(base)}, t("remove")) : null);
  }));
}
