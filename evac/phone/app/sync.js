// The round that the phone makes while it is open: tell a node what waits, take
// its list, and say honestly when that last worked.

import {ask, origin} from "./net.js";

const pulse = 2000;

export class Sync {
  #m; #timer = 0; #busy = false; #again = false; #stopped = false; #version = "";

  // m is the model; what the page must know comes by m.changed and m.over.
  constructor(model) { this.#m = model; }

  stop() { this.#stopped = true; clearTimeout(this.#timer); }

  // kick makes the next round now.
  kick() {
    if (this.#busy) { this.#again = true; return; }
    clearTimeout(this.#timer);
    void this.#round();
  }

  async #round() {
    this.#busy = true;
    this.#again = false;
    try { await this.#any(); } catch (e) { console.error("round", e?.name); }
    this.#busy = false;
    if (this.#stopped) return;
    if (this.#again) { this.kick(); return; }
    // Out of sight it is enough to be there when it is looked at again.
    this.#timer = setTimeout(() => this.kick(), document.visibilityState === "visible" ? pulse : 15000);
  }

  // any goes from node to node until one answers, the last that did first.
  async #any() {
    const m = this.#m;
    let stranger = 0, tried = 0;
    for (const base of m.bases()) {
      if (this.#stopped) return;
      tried++;
      try {
        // Nothing is sent to who may not be there: what has never left the phone
        // can be taken back on the phone alone.
        if (base !== m.from || !m.contact) {
          const there = await this.#list(base);
          if (there === 401) stranger++;
          if (there !== 200) continue;
          if (m.acts.waiting().length === 0) return;
        }
        await this.#deliver(base);
        if (this.#stopped) return;
        const there = await this.#list(base);
        if (there === 200) return;
        if (there === 401) stranger++;
      } catch (e) {
        if (e instanceof Over) return;
        if (e instanceof Stranger) stranger++;
      }
    }
    m.lost(tried > 0 && stranger === tried);
  }

  // list takes the list of a node, and gives the status of its answer.
  async #list(base) {
    const m = this.#m, had = m.list ? this.#version : "";
    const {status, data} = await ask(base, m.pairing.key, "list" + (had ? "?have=" + had : ""));
    if (this.#judge(status)) throw new Over();
    if (status === 200 && !this.#stopped) {
      this.#version = data.people_version;
      await m.took(base, data);
    }
    return status;
  }

  // judge empties the phone where a node says that the pairing is over.
  #judge(status) {
    if (status !== 410) return false;
    this.#m.over("ended");
    return true;
  }

  async #deliver(base) {
    const m = this.#m;
    for (let n = 0; n < 20; n++) {
      const next = m.acts.batch();
      if (!next || this.#stopped) return;
      const sent = next.add ? [next.add] : next.sent;
      // From here on it may have reached a node, whatever is heard of it.
      for (const a of sent) a.tries++;
      await m.acts.save();
      const {status, data} = next.add
        ? await ask(base, m.pairing.key, "add", addition(next.add))
        : await ask(base, m.pairing.key, "marks", {acts: next.acts});
      if (this.#judge(status)) throw new Over();
      if (status === 401) throw new Stranger();
      if (status === 429 || status >= 500) throw new Error("not now");
      const name = m.nameOf(base);
      if (next.add) {
        m.acts.tell(next.add, {...data, ok: status === 200}, base, name);
        if (status === 200) next.add.badge = data.badge;
      } else if (status !== 200) {
        for (const a of sent) m.acts.tell(a, {...data, ok: false}, base, name);
      } else {
        for (const a of sent) m.acts.tell(a, data.done.find(d => d.once === a.once) || {again: true}, base, name);
      }
      await m.acts.save();
      m.changed();
      if (sent.some(a => a.state === "kept")) throw new Error("not here");
    }
  }
}

class Over extends Error {}
class Stranger extends Error {}

const addition = a => ({once: a.once, text: a.text, mark: a.mark, point: a.point, at: a.at, starts: a.starts});

// basesOf are where to ask: the last that answered, then the rest.
export function basesOf(last, nodes) {
  const all = [location.origin, ...nodes.map(n => origin(n.url)).filter(Boolean)];
  return [...new Set([...last && all.includes(last) ? [last] : [], ...all])];
}
