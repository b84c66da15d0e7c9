// What the phone keeps, sealed: boxes of JSON under a key that this browser made
// for this pairing, that no script can read out, and that is destroyed with it.
// Invariant: nothing is written to the disk that is not in a box.

const dbName = "upprop-phone";

const done = r => new Promise((yes, no) => { r.onsuccess = () => yes(r.result); r.onerror = () => no(r.error); });
const ended = tx => new Promise((yes, no) => { tx.oncomplete = () => yes(); tx.onabort = tx.onerror = () => no(tx.error); });

export class Store {
  #db = null;
  #key = null;
  #last = Promise.resolve();

  async open() {
    const r = indexedDB.open(dbName, 1);
    r.onupgradeneeded = () => { r.result.createObjectStore("keys"); r.result.createObjectStore("boxes"); };
    this.#db = await done(r);
    this.#key = await done(this.#db.transaction("keys").objectStore("keys").get("key")) || null;
    return this.#key !== null;
  }

  // begin destroys what was kept, and makes a new key.
  async begin() {
    await this.#last.catch(() => {});
    const key = await crypto.subtle.generateKey({name: "AES-GCM", length: 256}, false, ["encrypt", "decrypt"]);
    const tx = this.#db.transaction(["keys", "boxes"], "readwrite", {durability: "strict"});
    tx.objectStore("boxes").clear();
    tx.objectStore("keys").put(key, "key");
    await ended(tx);
    this.#key = key;
  }

  async load(name) {
    const box = await done(this.#db.transaction("boxes").objectStore("boxes").get(name));
    if (!box || !this.#key) return null;
    const raw = await crypto.subtle.decrypt(this.#how(name, box.iv), this.#key, box.data);
    return JSON.parse(new TextDecoder().decode(raw));
  }

  // save returns when the value is on the disk; with loose, when it is on its
  // way there. Values are written in the order in which they were given.
  save(name, value, loose = false) {
    const text = new TextEncoder().encode(JSON.stringify(value));
    const next = this.#last.catch(() => {}).then(async () => {
      if (!this.#key) return;
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const data = await crypto.subtle.encrypt(this.#how(name, iv), this.#key, text);
      if (!this.#key) return;
      const tx = this.#db.transaction("boxes", "readwrite", {durability: loose ? "relaxed" : "strict"});
      tx.objectStore("boxes").put({iv, data}, name);
      await ended(tx);
    });
    this.#last = next;
    return next;
  }

  // wipe destroys the key and all boxes. Nothing is written after it.
  async wipe() {
    this.#key = null;
    await this.#last.catch(() => {});
    const tx = this.#db.transaction(["keys", "boxes"], "readwrite", {durability: "strict"});
    tx.objectStore("keys").clear();
    tx.objectStore("boxes").clear();
    await ended(tx);
    this.#db.close();
    indexedDB.deleteDatabase(dbName);
  }

  // A box cannot be taken for another.
  #how(name, iv) { return {name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name)}; }
}
