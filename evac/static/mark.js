// Says to the node where people are. A mark counts as saved when the node has
// answered that it is durable, and not before; what the node has not confirmed
// is said to be unsaved until it is sent again, also over a reload.
import { lines, pending } from "./model.js";

const form = document.querySelector("[data-mark-form]");
const says = document.querySelector("#says").dataset;
const bar = document.querySelector("[data-undo]");
const all = document.querySelector("[data-unsaved-all]");
const patience = 8000;
const keep = "upprop-unsaved";
let refresh = () => {};

// Who shows the lines is told of each that wears another look.
export function watch(fn) { refresh = fn; }

function store() {
  const unsaved = [...pending].filter(([, m]) => m.state === "saving" || m.state === "failed");
  sessionStorage.setItem(keep, JSON.stringify(unsaved.map(([code, m]) => [code, m.press, m.at, m.how, m.once])));
  if (!all) return;
  const failed = unsaved.filter(([, m]) => m.state === "failed").length;
  all.hidden = failed === 0;
  const text = says.unsaved.replace("%1", failed);
  const line = all.querySelector("[data-unsaved-says]");
  if (line.textContent !== text) line.textContent = text;
}

function note(code, mark) {
  if (mark) pending.set(code, mark);
  else pending.delete(code);
  store();
  refresh(code);
}

// Only ids are kept, no name.
export function restore() {
  for (const [code, press, at, how, once] of JSON.parse(sessionStorage.getItem(keep) ?? "[]")) {
    pending.set(code, { press, at, how, once, state: "failed", says: says.lost });
  }
  store();
}

// What the node has told of a line settles what was saved of it.
export function settle(codes) {
  for (const code of codes) {
    const wait = pending.get(code);
    const is = lines.get(code)?.chip;
    if (wait?.state === "saved" || wait?.state === "failed" && wait.press === is) note(code, null);
  }
}

// What is sent again is known by this: the node takes it once, also where its
// answer to the first was lost.
const draw = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

export async function press(what, code, { at = "", how = "", once = draw() } = {}) {
  if (pending.get(code)?.state === "saving") return null;
  note(code, { press: what, at, how, once, state: "saving", says: "" });
  const body = new URLSearchParams({ lang: form.elements.lang.value, site: form.elements.site.value, [what]: code, at, how, once });
  let told = { error: says.lost };
  try {
    const answer = await fetch(form.action, {
      method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(patience),
    });
    told = await answer.json();
    if (!answer.ok) told = { error: told.error || says.lost, refused: answer.status === 422 };
  } catch { /* The node is gone, or its answer was lost: told says so. */ }
  if (told.error) {
    note(code, { press: what, at, how, once, state: "failed", says: told.error });
    return { error: told.error };
  }
  note(code, null);
  // The list may have told of it before this answer came.
  const one = lines.get(told.code);
  if (one && what !== "undo" && one.chip !== what) note(told.code, { press: what, state: "saved", says: "" });
  show(told, what);
  return told;
}

function show(told, what) {
  if (!bar) return;
  bar.hidden = false;
  bar.querySelector("[data-undo-says]").textContent = told.says;
  const undo = bar.querySelector("[data-press]");
  undo.hidden = what === "undo";
  undo.value = told.code;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const by = event.submitter;
  const field = form.elements.safe;
  const typed = !by?.name && field?.value !== undefined;
  const what = typed ? "safe" : by.name;
  const code = typed ? field.value.trim() : by.value;
  if (!code) return;
  by?.closest("dialog")?.close();
  const told = await press(what, code, { at: by?.dataset.at ?? "" });
  if (typed && told && !told.error) field.value = "";
  document.dispatchEvent(new CustomEvent("pressed", { detail: { what, code, told } }));
});

export async function sendAgain() {
  for (const [code, m] of [...pending]) {
    if (m.state !== "failed") continue;
    const told = await press(m.press, code, m);
    if (told?.error === says.lost) return;
  }
}
all?.querySelector("[data-send-again]").addEventListener("click", sendAgain);
