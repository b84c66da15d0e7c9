// What the phone knows: the pairing, the last list and where it is from, and the
// acts. It is restored from the store and kept there.

import {Acts} from "./acts.js";
import {basesOf} from "./sync.js";

export class Model {
  pairing = null;
  list = null;     // the head of the last list, without its people
  people = [];     // laid out by lay
  points = [];
  refuges = [];    // who waits where, and what was said there
  nodes = [];      // {name, url}, learnt from nodes
  added = [];      // {name, url}, written by the person
  asOf = 0; from = ""; fromName = ""; heard = 0; lostAt = 0;
  contact = false; stranger = false;
  #high = 0;       // the latest time this phone has seen

  constructor(store) { this.store = store; this.acts = new Acts(store); }

  // load restores what is kept; false where there is no pairing.
  async load() {
    this.pairing = await this.store.load("pairing");
    if (!this.pairing) return false;
    await this.acts.load();
    const seen = await this.store.load("seen");
    const people = await this.store.load("people");
    if (seen && people) {
      Object.assign(this, {list: seen.list, points: seen.points, refuges: seen.refuges || [], nodes: seen.nodes, asOf: seen.asOf, from: seen.from, fromName: seen.fromName, campus: seen.campus, heard: seen.heard});
      this.lostAt = seen.heard;
      this.#high = seen.heard;
      this.people = lay(people);
    }
    this.added = await this.store.load("added") || [];
    return true;
  }

  // pair takes a new pairing; what waits under an old one is delivered by it.
  async pair(pairing) {
    const waiting = this.acts.all, added = this.added;
    await this.store.begin();
    this.pairing = pairing;
    this.acts.all = waiting;
    this.added = added;
    await this.store.save("pairing", pairing);
    await this.acts.save();
    await this.store.save("added", added);
  }

  // ended reports whether the pairing's time is over. A clock that is set back
  // does not lengthen it.
  ended() {
    this.#high = Math.max(this.#high, Date.now());
    return this.#high >= this.pairing.ends;
  }

  bases() { return basesOf(this.from, [...this.nodes, ...this.added]); }

  nameOf(base) {
    if (base === this.from && this.fromName) return this.fromName;
    return [...this.nodes, ...this.added].find(n => n.url === base)?.name || new URL(base).host;
  }

  // took takes the list of a node.
  async took(base, data) {
    const had = this.contact, wasOn = this.list?.evacuation?.id;
    const {people, ...head} = data.list;
    this.list = head;
    this.points = data.points;
    this.refuges = data.refuges || [];
    // A node that has just started knows of no other yet; else what it says counts.
    if (data.nodes.length) this.nodes = data.nodes;
    this.from = base;
    this.fromName = data.node.name;
    this.campus = data.node.campus;
    for (const n of this.added) if (n.url === base) n.name = data.node.name;
    this.heard = Date.now();
    this.asOf = Date.parse(head.as_of);
    this.contact = true;
    this.stranger = false;
    if (people) {
      const kept = {people, standing: data.standing, assist: data.assist};
      this.people = lay(kept);
      await this.store.save("people", kept, true);
    }
    this.acts.settle(base, this.people);
    await this.store.save("seen", {list: head, points: this.points, refuges: this.refuges, nodes: this.nodes, asOf: this.asOf, from: base, fromName: this.fromName, campus: this.campus, heard: this.heard}, true);
    this.changed({regained: !had, began: head.evacuation && head.evacuation.id !== wasOn});
  }

  lost(stranger) {
    const had = this.contact;
    this.contact = false;
    this.stranger = stranger;
    if (had || !this.lostAt) this.lostAt = this.heard || Date.now();
    this.changed({lost: had});
  }

  get starts() { return this.list?.evacuation?.starts || []; }
}

// lay makes of what a node sent what the page shows and searches.
function lay({people, standing, assist}) {
  return people.map(p => {
    const label = p.name || p.badge;
    return {
      ...p, code: p.visit || p.badge, label, assist: assist?.[p.visit] || "", standing: standing?.[p.visit] || [],
      hay: fold([p.name, p.company, p.host, p.badge, p.badge.replaceAll("-", "")].filter(Boolean).join(" ")),
    };
  });
}

// fold makes texts alike that a person means the same by: case and accents, but
// å, ä and ö are letters of their own.
export function fold(s) {
  return s.toLowerCase().normalize("NFC").replace(/[^åäö]/gu, c => c.normalize("NFD").replace(/\p{M}/gu, ""));
}

const accounted = new Set(["safe", "left"]);

// select are the people that are shown, those who need help first.
export function select(people, acts, show, query) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const out = [];
  for (const p of people) {
    const act = acts.shownAs(p.code);
    const state = act ? act.mark : p.state;
    const safe = accounted.has(state);
    // Just marked: it stays where the finger is for a moment.
    const still = act && Date.now() - Date.parse(act.at) < 6000;
    if (show === "find" && safe && !still || show === "safe" && !safe) continue;
    if (!words.every(w => p.hay.includes(w))) continue;
    out.push({p, act, state, first: p.assist && !safe ? 0 : state === "refuge" ? 0 : state === "missing" ? 1 : 2});
  }
  return out.map((x, i) => ({...x, i})).sort((a, b) => a.first - b.first || a.i - b.i);
}

// counts are those of the list, with what this phone has said since.
export function counts(people, acts) {
  let find = 0, safe = 0, unsure = 0;
  for (const p of people) {
    const act = acts.shownAs(p.code);
    if (accounted.has(act ? act.mark : p.state)) safe++; else find++;
    if (p.not_sure) unsure++;
  }
  return {find, safe, unsure, all: people.length};
}
