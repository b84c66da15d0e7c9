// The queue of what was done on this phone. An act is kept before it is shown as
// kept, and is called recorded when a node has said so.
//
//   kept      on this phone; tries says how often it may have reached a node
//   recorded  a node has it on its disk
//   failed    a node has refused it, for why
//   gone      taken back before it left the phone

import {draw} from "./key.js";

const keep = 300; // how many finished acts are remembered

export class Acts {
  all = [];
  #store;

  constructor(store) { this.#store = store; }

  async load() { this.all = await this.#store.load("acts") || []; }

  save() {
    const done = this.all.filter(a => a.state !== "kept");
    if (done.length > keep) {
      const old = new Set(done.slice(0, done.length - keep));
      this.all = this.all.filter(a => !old.has(a));
    }
    return this.#store.save("acts", this.all);
  }

  waiting() { return this.all.filter(a => a.state === "kept"); }

  // unheard is how many marks and people no node has heard of.
  unheard() { return this.waiting().filter(a => a.kind !== "undo" && !a.undone).length; }

  async #put(act) {
    const whole = {once: draw(), at: new Date().toISOString(), state: "kept", tries: 0, ...act};
    this.all.push(whole);
    await this.save();
    return whole;
  }

  // mark says something of a person, over what the list told to stand and over
  // what this phone has said before.
  mark(person, mark, point, starts, standing) {
    const own = this.all.filter(a => a.kind === "mark" && a.code === person.code && a.state !== "gone" && a.state !== "failed" && !a.undone);
    const over = [...new Set([...standing, ...own.map(a => a.event).filter(Boolean)])].slice(-64);
    return this.#put({kind: "mark", code: person.code, send: person.send, label: person.label, mark, point, starts: starts.slice(0, 64), over, over_acts: own.map(a => a.once).slice(-16)});
  }

  add(text, mark, point, starts) { return this.#put({kind: "add", label: text, text, mark, point, starts: starts.slice(0, 64)}); }

  // undo takes an act back: on this phone alone where it can have reached nobody.
  async undo(act) {
    if (act.state === "kept" && act.tries === 0 || act.state === "failed") {
      act.state = "gone";
      await this.save();
      return null;
    }
    if (act.kind !== "mark" || act.undone) return null;
    act.undone = true;
    return this.#put({kind: "undo", code: act.code, send: act.send, label: act.label, undo: act.once});
  }

  // again sends a refused act once more.
  async again(act) {
    act.state = "kept";
    delete act.why;
    await this.save();
  }

  // shownAs is the act by which a person is shown otherwise than the list says.
  shownAs(code) {
    for (let i = this.all.length - 1; i >= 0; i--) {
      const a = this.all[i];
      if (a.kind === "mark" && a.code === code && (a.state === "kept" || a.state === "recorded" && !a.shown) && !a.undone) return a;
    }
    return null;
  }

  // settle: a list came from a node after it had recorded these.
  settle(from, people) {
    const now = new Map(people.map(p => [p.code, p.state]));
    for (const a of this.all) {
      if (a.state === "recorded" && !a.shown && (a.node === from || now.get(a.code) === a.mark || Date.now() - a.done > 60e3)) a.shown = true;
    }
  }

  // batch is what is sent next: somebody to add alone, or marks in their order,
  // each that is taken back before the act that does so.
  batch() {
    const waiting = this.waiting();
    if (waiting.length === 0) return null;
    if (waiting[0].kind === "add") return {add: waiting[0]};
    const acts = [], sent = [], has = new Set();
    for (const a of waiting) {
      if (a.kind === "add" || sent.length >= 40) break;
      const of = a.kind === "undo" && this.all.find(m => m.once === a.undo);
      if (of && !has.has(of.once)) { acts.push(wire(of)); has.add(of.once); }
      acts.push(wire(a));
      has.add(a.once);
      sent.push(a);
    }
    return {acts, sent};
  }

  // tell takes down what a node said of an act. Again: it waits for another.
  tell(act, answer, node, nodeName) {
    if (answer.ok) Object.assign(act, {state: "recorded", node, nodeName, done: Date.now(), event: answer.event, known: answer.known !== false});
    else if (answer.again) act.why = why(answer);
    else Object.assign(act, {state: "failed", why: why(answer), nodeName});
    if (act.state === "recorded") delete act.why;
  }
}

// canUndo reports whether an act can be taken back: who was added, only while no
// node can have heard of it.
export const canUndo = a => a.kind === "mark" || a.kind === "add" && a.state === "kept" && a.tries === 0;

const why = x => ({error: x.error, hint: x.hint, key: x.key});

function wire(a) {
  return a.kind === "undo" ? {once: a.once, code: a.send || a.code, undo: a.undo, at: a.at}
    : {once: a.once, code: a.send || a.code, mark: a.mark, point: a.point, at: a.at, starts: a.starts, over: a.over, over_acts: a.over_acts};
}
