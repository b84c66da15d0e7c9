// The lines that stand on the page: the first of those that are asked for, and
// more as the reader scrolls. A line that a finger may be about to hit never
// moves by itself: it says what it is now where it stands, and goes to its new
// place when the reader has been still for a while, or asks for others.
import { compare, count, groups, insert, lines, marks, pending, plain, select } from "./model.js";

const board = document.querySelector("#board");
const people = document.querySelector("#people");
const words = document.querySelector("#words").dataset;
const says = document.querySelector("#says").dataset;
const states = JSON.parse(words.words);
const rowTemplate = document.querySelector("#row-template").content.firstElementChild;
const icons = new Map([...document.querySelectorAll("template[data-icon]")].map((t) => [t.dataset.icon, t.content.firstElementChild]));
const sections = new Map([...document.querySelectorAll("template[data-group]")].map((t) => [t.dataset.group, t.content.firstElementChild]));
const step = 50;
const few = 20; // of what is sought, a screenful or two
const still = 6000;
const spare = 300;

const nodes = new Map([...people.querySelectorAll("[data-person]")].map((li) => [li.dataset.code, li]));
const filled = new Map();
// Lines that stand where they were, as they were.
const held = new Map();
let tab = board.dataset.tab;
let chosen = false;
let sought = [];
let limit = step;
let hits = [];

export const query = () => sought;
export const found = () => hits;
export const nodeOf = (code) => nodes.get(code);

export function showTab(to, byHand = true) {
  chosen ||= byHand;
  tab = to;
  limit = step;
  held.clear();
  render();
  tabs();
}

export function seek(text) {
  sought = plain(text).split(/\s+/).filter(Boolean);
  limit = sought.length ? few : step;
  held.clear();
  render();
}

export function everybody() {
  sought = [];
  tab = "all";
  limit = Infinity;
  held.clear();
  render();
  tabs();
}

export function tabs() {
  for (const a of document.querySelectorAll("#tabs [data-tab]")) {
    if (a.dataset.tab === tab && !sought.length) a.setAttribute("aria-current", "true");
    else a.removeAttribute("aria-current");
  }
}

// What the node has told of, and what was there before.
export function changed(before) {
  for (const [code, was] of before) {
    if (!was || held.has(code) || !nodes.get(code)?.isConnected) continue;
    const is = lines.get(code);
    if (is && (is.group !== was.group || compare(is, was) !== 0)) held.set(code, was);
  }
  if (board.hasAttribute("data-marks") !== marks) {
    board.toggleAttribute("data-marks", marks);
    held.clear();
    if (!chosen) tab = marks ? "find" : "all";
  }
  render();
}

function set(li, slot, text) {
  for (const e of li.querySelectorAll(`[data-s="${slot}"]`)) if (e.textContent !== text) e.textContent = text;
}

function fill(li, one) {
  const wait = pending.get(one.code);
  const look = `${wait?.state}${wait?.press}${wait?.says}`;
  const was = filled.get(li);
  if (was && was.one === one && was.look === look) return;
  filled.set(li, { one, look });
  li.id = "p-" + one.code;
  li.dataset.code = one.code;
  li.dataset.state = one.chip;
  for (const slot of ["name", "company", "host", "assist", "badge", "why", "came", "marked"]) set(li, slot, one[slot]);
  set(li, "who", one.name || one.badge);
  set(li, "zone", one.zone || words.noZone);
  set(li, "word", states[one.word]);
  li.toggleAttribute("data-unnamed", one.hidden);
  li.querySelector("[data-hidden]").hidden = !one.hidden;
  li.querySelector(".from").hidden = !one.company && !one.host;
  for (const block of ["host", "assist", "why", "marked"]) li.querySelector("." + block).hidden = !one[block];
  const chip = li.querySelector(".chip");
  if (chip.dataset.state !== one.chip || !chip.querySelector(".icon")) {
    chip.dataset.state = one.chip;
    chip.querySelector(".icon")?.remove();
    chip.prepend(icons.get(one.chip).cloneNode(true));
  }
  for (const b of li.querySelectorAll("button[data-press]")) b.value = one.code;
  for (const a of li.querySelectorAll("[data-link]")) a.href = people.dataset.path + one.code + new URL(people.dataset.query, location.href).search;
  wears(li, wait);
}

// What became of a mark: the tick turns only when the node has answered.
function wears(li, wait) {
  const state = wait?.state ?? "";
  li.dataset.saving = state;
  const pressed = li.querySelector(wait?.press === "undo" ? ".press-undo" : ".press-safe");
  for (const b of li.querySelectorAll("button[data-press]")) {
    const word = { saving: says.saving, saved: says.saved, failed: says.again }[b === pressed ? state : ""];
    b.querySelector("[data-press-word]").textContent = word ?? (b.name === "undo" ? says.undo : says.safe);
    b.setAttribute("aria-busy", b === pressed && state === "saving");
  }
  const unsaved = li.querySelector("[data-unsaved]");
  unsaved.hidden = state !== "failed";
  unsaved.textContent = state === "failed" ? `${says.failed}. ${wait.says}` : "";
}

export function refresh(code) {
  const li = nodes.get(code);
  const one = lines.get(code);
  if (li && one) fill(li, one);
}

function section(group) {
  let s = document.getElementById(group.id);
  if (!s) {
    s = sections.get(group.kind).cloneNode(true);
    s.id = group.id;
    s.querySelector("h2").id = group.id + "-h";
    s.setAttribute("aria-labelledby", group.id + "-h");
    if (group.kind === "zone") s.querySelector("h2 > span").textContent = group.zone || words.noZone;
  }
  return s;
}

// Makes the children of an element these, touching only what differs.
function put(parent, wanted) {
  let at = parent.firstElementChild;
  for (const node of wanted) {
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
  while (at) {
    const gone = at;
    at = at.nextElementSibling;
    gone.remove();
  }
}

const template = (one, many, n) => (n === 1 ? one : many).replace(n === 1 ? "1" : "2", n);

export function render() {
  if (!lines.size && !groups.length) return;
  hits = select(tab, sought);
  const list = held.size ? hits.filter((one) => !held.has(one.code)) : hits.slice(0, limit);
  for (const was of held.values()) insert(list, was);
  const on = new Set();
  const bySection = new Map();
  for (const stands of list.slice(0, limit)) {
    const one = lines.get(stands.code);
    if (!one) continue;
    let li = nodes.get(one.code);
    if (!li) {
      li = rowTemplate.cloneNode(true);
      nodes.set(one.code, li);
    }
    fill(li, one);
    on.add(one.code);
    if (!bySection.has(stands.group)) bySection.set(stands.group, []);
    bySection.get(stands.group).push(li);
  }
  const totals = new Map();
  const above = new Map();
  for (const one of hits) {
    totals.set(one.group, (totals.get(one.group) ?? 0) + 1);
    if (/^g-(help|missing|unsure)$/.test(one.group)) above.set(one.zone, (above.get(one.zone) ?? 0) + 1);
  }
  const shown = [];
  for (const group of groups) {
    const rows = bySection.get(group.id);
    if (!rows) continue;
    const s = section(group);
    const n = totals.get(group.id) ?? 0;
    const more = group.kind === "zone" && above.get(group.zone);
    const text = template(words.single, words.many, n) + (more ? " " + words.above.replace("2", more) : "");
    const counter = s.querySelector("[data-count]");
    if (counter.textContent !== text) counter.textContent = text;
    put(s.querySelector("ul"), rows);
    shown.push(s);
  }
  if (!shown.length) shown.push(nobody());
  put(people, shown);
  // Lines that are asked for again are soon there again, up to a bound.
  if (nodes.size > on.size + spare) for (const [code, li] of nodes) {
    if (on.has(code)) continue;
    nodes.delete(code);
    filled.delete(li);
  }
  document.querySelector("[data-pages]")?.remove();
  const rest = document.querySelector("[data-more-lines]");
  rest.hidden = list.length <= limit && hits.length <= limit;
  rest.textContent = words.shown.replace("%1", 1).replace("%2", Math.min(limit, hits.length)).replace("%3", hits.length);
}

function nobody() {
  const p = people.querySelector("[data-none]") ?? Object.assign(document.createElement("p"), { className: "lede" });
  p.dataset.none = "";
  const text = sought.length ? words.none : count ? words.empty : "";
  if (p.textContent !== text) p.textContent = text;
  return p;
}

// Lines that wait for their place get it when the reader is still.
let touched = 0;
for (const kind of ["pointerdown", "scroll", "keydown", "input", "touchmove"]) {
  addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });
}
setInterval(() => {
  if (!held.size || Date.now() - touched < still) return;
  for (const code of held.keys()) if (!["saving", "failed"].includes(pending.get(code)?.state)) held.delete(code);
  render();
}, 1000);

new IntersectionObserver((entries) => {
  if (!entries.some((e) => e.isIntersecting) || limit >= hits.length) return;
  limit += step;
  render();
}, { rootMargin: "0px 0px 1500px 0px" }).observe(document.querySelector("[data-more-lines]"));
