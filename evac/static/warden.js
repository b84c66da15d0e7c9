// The warden's list: seeks as somebody writes, marks, says when contact was lost,
// and prints. Nothing that is sought leaves the page.
import { lines, pending, take } from "./model.js";
import { changed, everybody, found, query, refresh, seek, showTab, tabs } from "./view.js";
import { press, restore, settle, watch } from "./mark.js";
import { bursting, keyboard, scanner } from "./keys.js";
import { changed as tell, stayAwake } from "./notice.js";
import "./look.js";
import "./pad.js";

const board = document.querySelector("#board");
const form = document.querySelector("[data-find-form]");
const field = form.querySelector("#q");
const says = form.querySelector("#found");
const live = form.hasAttribute("data-live-find");

function count() {
  const text = query().length ? `${says.dataset.found} ${found().length}/${lines.size}` : "";
  if (says.textContent !== text) says.textContent = text;
}

function look() {
  if (bursting(field.value)) return;
  seek(field.value);
  count();
  tabs();
}

if (live) {
  form.hidden = false;
  document.querySelector("[data-settings]").hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    field.value = "";
    look();
  });
  watch(refresh);
  restore();
  scanner((code) => { if (board.hasAttribute("data-marks")) press("safe", code, { how: "qr" }); });
  keyboard(field, () => (board.hasAttribute("data-marks") && found().length === 1 ? found()[0] : null), () => {
    says.textContent = says.dataset.confirm;
  });
}

document.addEventListener("live-data", (event) => {
  const told = JSON.parse(event.detail);
  const before = take(told);
  const mine = new Set(pending.keys());
  settle((told.rows ?? []).map((row) => row[0]));
  changed(before);
  if (query().length) count();
  const others = told.all ? [] : (told.rows ?? []).filter((row) => before.has(row[0]) && !mine.has(row[0]));
  if (others.length) tell(others.some((row) => row[3] === "missing" || row[3] === "refuge"));
  tabs();
  stayAwake();
});

// The tabs and what is beside them.
document.addEventListener("click", (event) => {
  const tab = event.target.closest("#tabs [data-tab]");
  if (tab && live && lines.size) {
    event.preventDefault();
    field.value = "";
    seek("");
    count();
    showTab(tab.dataset.tab);
  }
  if (event.target.closest("[data-go-find]") && live) {
    event.preventDefault();
    field.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  }
  const more = event.target.closest("[data-more]");
  const one = more && lines.get(more.closest("[data-person]").dataset.code);
  if (one) {
    event.preventDefault();
    open(one, more.href);
  }
  if (event.target.closest("[data-sheet-close]")) sheet.close();
});

const sheet = document.querySelector("[data-sheet]");
function open(one, all) {
  sheet.querySelector("[data-sheet-name]").textContent = one.name || one.badge;
  sheet.querySelector("[data-sheet-state]").textContent = [one.company, one.zone, one.assist].filter(Boolean).join(" · ");
  for (const b of sheet.querySelectorAll("[data-sheet-press]")) b.value = one.code;
  sheet.querySelector("[data-sheet-all]").href = all;
  sheet.showModal();
}

const state = document.querySelector("[data-live-state]");
const asOf = () => document.querySelector("#as-of").lastChild.textContent.trim();
let up = true;
let heard = Date.now();

// By the node's clock, in the node's zone: this device may have others.
function clockNow() {
  const [h, m, s] = asOf().split(":").map(Number);
  const t = h * 3600 + m * 60 + s + Math.round((Date.now() - heard) / 1000);
  return [Math.floor(t / 3600) % 24, Math.floor(t / 60) % 60, t % 60].map((n) => String(n).padStart(2, "0")).join(":");
}

document.addEventListener("live", (event) => {
  tabs();
  if (event.detail.live) heard = Date.now();
  else if (up) {
    state.querySelector("[data-lost-at]").textContent = clockNow();
    state.querySelector("[data-list-at]").textContent = asOf();
  }
  up = event.detail.live;
});

// Every sheet says how old it is, and paper shows everybody: nobody would see
// later that it was a part.
addEventListener("beforeprint", () => {
  const text = document.querySelector(".truth-small").textContent.replace(/\s+/g, " ").trim();
  document.documentElement.style.setProperty("--paper", JSON.stringify(text));
  if (!live) return;
  field.value = "";
  everybody();
  count();
});
addEventListener("afterprint", () => { if (live) showTab(board.hasAttribute("data-marks") ? "find" : "all", false); });

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
// What the node tells is heard from here on, and not before.
if (live) import("./live.js");
