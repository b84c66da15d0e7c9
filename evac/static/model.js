// The list in memory: every line that the node has told of, in the order in
// which they are read. It knows nothing of the page.

// By code. A line never changes; a new one takes its place.
export const lines = new Map();
// Marks that the node has not confirmed yet, by code: what was pressed, where,
// and whether it is being saved, was saved, or was not.
export const pending = new Map();
export let groups = [];
export let count = 0;
export let marks = false;

let rank = new Map();
let sorted = [];
const byName = new Intl.Collator("sv");
const byZone = new Intl.Collator("sv", { numeric: true });
const badges = (a, b) => (a.badge < b.badge ? -1 : a.badge > b.badge ? 1 : a.code < b.code ? -1 : a.code > b.code ? 1 : 0);

// Small letters without marks: "oberg" finds Öberg.
export const plain = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function line([code, group, word, chip, hidden, name, company, host, assist, badge, zone, why, came, marked]) {
  const text = plain([name, company, host, badge, badge.replaceAll("-", "")].join("\n"));
  return { code, group, word, chip, hidden: hidden !== "", name, company, host, assist, badge, zone, why, came, marked, text };
}

export function compare(a, b) {
  return (rank.get(a.group) ?? 0) - (rank.get(b.group) ?? 0)
    || (a.zone === b.zone ? 0 : byZone.compare(a.zone, b.zone))
    || a.hidden - b.hidden
    || (a.name === b.name ? 0 : byName.compare(a.name, b.name))
    || badges(a, b);
}

// Puts one into a list that is in order.
export function insert(list, one) {
  let low = 0;
  let high = list.length;
  // Most come in order.
  if (high && compare(list[high - 1], one) <= 0) low = high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(list[middle], one) <= 0) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, one);
}

// Takes in what the node tells. The answer is what was there before of those
// lines that are others now, by code.
export function take(told) {
  const before = new Map();
  if (told.all) {
    for (const [code, was] of lines) before.set(code, was);
    lines.clear();
    sorted = [];
  }
  count = told.count;
  marks = told.marks;
  const fresh = new Set();
  const stale = new Set(told.gone ?? []);
  for (const row of told.rows ?? []) {
    const one = line(row);
    if (lines.has(one.code)) stale.add(one.code);
    fresh.add(one);
  }
  for (const code of stale) before.set(code, lines.get(code));
  if (stale.size) sorted = sorted.filter((one) => !stale.has(one.code));
  for (const code of told.gone ?? []) lines.delete(code);
  if (told.groups) {
    groups = told.groups.map(([id, kind, zone]) => ({ id, kind, zone }));
    rank = new Map(groups.map((g, i) => [g.id, i]));
    sorted.sort(compare);
  }
  for (const one of fresh) {
    lines.set(one.code, one);
    insert(sorted, one);
  }
  return before;
}

export function inTab(one, tab) {
  switch (tab) {
    case "all": return true;
    case "find": return one.chip !== "safe" && one.chip !== "left";
    default: return one.chip === tab;
  }
}

// Those of a tab of whom every word is found, in order. What is sought is
// sought among all: who has been found is an answer too.
export function select(tab, words) {
  if (words.length) return sorted.filter((one) => words.every((w) => one.text.includes(w)));
  return tab === "all" ? sorted.slice() : sorted.filter((one) => inTab(one, tab));
}
