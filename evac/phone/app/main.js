// The page: what is pressed, and what follows.

import {Store} from "./store.js";
import {Model} from "./model.js";
import {Sync} from "./sync.js";
import {origin} from "./net.js";
import {keyIn} from "./key.js";
import {isQR, whose} from "./badge.js";
import {canScan, scan} from "./scan.js";
import {Wake} from "./wake.js";
import {canUndo} from "./acts.js";
import {switchLanguage, t} from "./words.js";
import {answer, showRefuges} from "./refuges.js";
import {$, say, showAbout, showActs, showPeople, showPoints, showStart, showTop, speak, stateWord, why} from "./view.js";

// The key leaves the address bar before anything else is done.
const given = keyIn(location.hash);
if (location.hash) history.replaceState(null, "", "/phone");

const page = 60;
const ui = {show: "find", query: "", limit: page, open: "", point: ""};
const wake = new Wake();
let store, model, sync, lastAct = null, over = null, sure = 0;

function render() {
  speak();
  if (over) {
    showStart(t("over_" + over.how), [t("over_text"), over.waiting ? t("over_waiting", {n: over.waiting}) : ""], true);
    return;
  }
  if (!model?.pairing) {
    showStart(t("start_title"), [t("start_text")], true);
    return;
  }
  showTop(model);
  showRefuges(model, ui, told);
  showPoints(model, ui.point);
  showPeople(model, ui, pressed);
  showActs(model, actPressed);
  showAbout(model, dropNode);
  showLast();
}

function showLast() {
  const a = lastAct, bar = $("last");
  bar.hidden = !a;
  document.body.classList.toggle("with-last", !!a);
  if (!a) return;
  const text = lastSays(a);
  if ($("last-text").textContent !== text) { $("last-text").textContent = text; say(text); }
  $("undo").hidden = !canUndo(a) || a.undone || a.state === "gone" || a.state === "failed";
}

function lastSays(a) {
  const who = a.label, what = a.kind === "add" ? t("added") : a.mark ? stateWord(a.mark) + (a.point ? " " + t("at", {point: a.point}) : "") : "";
  if (a.undone || a.state === "gone") return t("said_undo", {who});
  if (a.state === "failed") return t("said_failed", {who, why: why(a.why)});
  return a.state === "recorded" ? t("said_rec", {who, what, node: a.nodeName}) : t("said_kept", {who, what});
}

async function did(act) {
  if (over) return;
  lastAct = act;
  navigator.vibrate?.(30);
  render();
  sync.kick();
}

async function pressed(p, name) {
  if (name === "more") { ui.open = ui.open === p.code ? "" : p.code; render(); return; }
  // A glove that bounces says the same once.
  if (lastAct?.code === p.code && lastAct.mark === name && lastAct.state !== "gone" && Date.now() - Date.parse(lastAct.at) < 1000) return;
  const where = name === "safe" || name === "refuge" ? ui.point : "";
  ui.open = "";
  await did(await model.acts.mark(p, name, where, model.starts, p.standing));
}

// scanned marks whoever's badge was read as safe. One who is on no list here is
// marked all the same: a node may know more.
async function scanned(text) {
  const p = whose(text, model.people) || {code: text, label: t("not_listed", {code: isQR(text) ? "QR" : text.slice(0, 12)}), standing: []};
  await did(await model.acts.mark({...p, send: text}, "safe", ui.point, model.starts, p.standing));
}

// entered is Enter in the search, as scanners press that type: a whole QR marks
// its bearer, anything else leads to the only one who is shown.
async function entered(e) {
  e.preventDefault();
  const text = $("q").value.trim();
  if (isQR(text)) {
    $("q").value = ui.query = "";
    await scanned(text);
  } else if ($("people").children.length === 1) $("people").querySelector("button[name=safe]").focus();
}

// told answers those who wait at a refuge. Only a node that is there can tell
// them; nothing is kept to be said later.
async function told(place, help) {
  if (over || ui.telling) return;
  ui.telling = true;
  ui.told = await answer(model, place, help);
  ui.telling = false;
  if (over) return;
  if (ui.told.over) { void wipe("ended"); return; }
  say(ui.told.text);
  render();
  sync.kick();
}

async function actPressed(a, name) {
  if (name === "again") await model.acts.again(a);
  else { await model.acts.undo(a); lastAct = a; }
  render();
  sync.kick();
}

async function dropNode(base) {
  model.added = model.added.filter(n => n.url !== base);
  await model.store.save("added", model.added);
  render();
}

// wipe destroys all that is kept, and says so.
async function wipe(how) {
  if (over) return;
  over = {how, waiting: model.acts.unheard()};
  sync?.stop();
  wake.release();
  lastAct = null;
  const s = model.store;
  model = null;
  for (const id of ["people", "acts", "nodes", "point", "places"]) { $(id).replaceChildren(); delete $(id).sign; }
  for (const id of ["contact", "evac", "refuges-n", "counts", "doubt", "scope", "found", "pairing", "last-text", "own-n"]) $(id).textContent = "";
  say("");
  $("q").value = $("text").value = "";
  ui.query = ui.point = "";
  ui.told = null;
  $("place").textContent = "Upprop";
  document.body.classList.remove("with-last");
  render();
  await s.wipe();
}

function tick() {
  if (!model?.pairing || over) return;
  if (model.ended()) void wipe("ended");
  else render();
}

async function begin(pairing) {
  over = null;
  if (!store || model === null) { store = new Store(); await store.open(); model = new Model(store); }
  if (model.pairing?.key !== pairing.key) await model.pair(pairing);
  void navigator.storage?.persist?.();
  start();
}

function start() {
  model.changed = ({lost, regained, began} = {}) => {
    if (over) return;
    if (lost) { say(t("lost_now")); navigator.vibrate?.([60, 60, 60]); }
    if (began) { say(t("began")); navigator.vibrate?.([200, 80, 200, 80, 200]); } else if (regained) say(t("regained"));
    wake.want(!!model.list?.evacuation);
    render();
  };
  model.over = how => void wipe(how);
  sync?.stop();
  sync = new Sync(model);
  if (model.ended()) { void wipe("ended"); return; }
  render();
  sync.kick();
}

function listen() {
  $("lang").onclick = () => { switchLanguage(); render(); };
  $("q").oninput = () => { ui.query = $("q").value; ui.limit = page; render(); };
  $("find").onsubmit = e => void entered(e);
  for (const r of document.querySelectorAll("input[name=show]")) r.onchange = () => { ui.show = r.value; ui.limit = page; render(); };
  $("point").onchange = () => { ui.point = $("point").value; };
  $("more").onclick = () => { ui.limit += page; render(); };
  $("undo").onclick = async () => { if (lastAct) await actPressed(lastAct, "undo"); };
  $("add").onsubmit = async e => {
    e.preventDefault();
    const text = $("text").value.trim(), mark = e.submitter?.value || "safe";
    if (!text) { say(t("add_empty")); $("text").focus(); return; }
    $("text").value = "";
    await did(await model.acts.add(text, mark, mark === "safe" ? ui.point : "", model.starts));
  };
  $("node").onsubmit = async e => {
    e.preventDefault();
    const url = origin($("address").value), fault = $("address-fault");
    fault.hidden = !!url;
    if (!url) { fault.textContent = t("node_bad"); say(t("node_bad")); return; }
    if (!model.bases().includes(url)) model.added.push({name: "", url});
    $("address").value = "";
    await store.save("added", model.added);
    render();
    sync.kick();
  };
  $("forget").onclick = () => {
    if (Date.now() - sure < 4000) { void wipe("forgotten"); return; }
    sure = Date.now();
    $("forget").textContent = t("forget_sure");
    say(t("forget_sure"));
  };
  $("start-form").onsubmit = async e => {
    e.preventDefault();
    const k = keyIn($("link").value);
    $("link").value = "";
    if (k) await begin(k); else { $("start-text").replaceChildren(t("start_bad")); say(t("start_bad")); }
  };
  $("scan").onclick = async () => {
    const text = await scan().catch(() => { say(t("camera_no")); return null; });
    if (text && model) await scanned(text.trim());
  };
  addEventListener("online", () => sync?.kick());
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { tick(); sync?.kick(); } });
  addEventListener("hashchange", async () => {
    const k = keyIn(location.hash);
    history.replaceState(null, "", "/phone");
    if (k) await begin(k);
  });
  setInterval(tick, 1000);
}

async function boot() {
  speak();
  listen();
  try {
    navigator.serviceWorker?.register("/phone/worker.js", {scope: "/phone"}).then(r => r.waiting?.postMessage("take over"), () => {});
    store = new Store();
    await store.open();
    model = new Model(store);
    await model.load().catch(() => false);
    $("scan").hidden = !await canScan();
    if (given) await begin(given);
    else if (model.pairing) start();
    else render();
  } catch {
    showStart(t("broken"), [t("broken_text")], false);
  }
}

// One window at a time has the queue.
speak();
let mine = false;
setTimeout(() => { if (!mine) showStart(t("elsewhere"), [t("elsewhere_text")], false); }, 300);
if (navigator.locks) void navigator.locks.request("upprop-phone", () => { mine = true; return boot().then(() => new Promise(() => {})); });
else { mine = true; void boot(); }
