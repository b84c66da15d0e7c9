// Filters the list as somebody writes, says when contact was lost, and offers
// to print. Nothing that is written here leaves the page.
const form = document.querySelector("[data-find-form]");
const field = form.querySelector("#q");
const found = form.querySelector("[data-found]");
const plain = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function matches(person, words) {
  let text = "";
  for (const part of person.querySelectorAll("[data-find]")) text += part.textContent + "\n";
  text = plain(text + text.replaceAll("-", ""));
  return words.every((w) => text.includes(w));
}

function filter() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  let all = 0;
  let shown = 0;
  for (const group of document.querySelectorAll(".group")) {
    let any = false;
    for (const person of group.querySelectorAll("[data-person]")) {
      const show = words.length === 0 || matches(person, words);
      all++;
      if (show) shown++;
      any ||= show;
      if (person.hidden === show) person.hidden = !show;
    }
    if (group.hidden === any) group.hidden = !any;
  }
  const says = words.length ? `${found.dataset.found} ${shown}/${all}` : "";
  if (found.textContent !== says) found.textContent = says;
}

if (form.hasAttribute("data-live-find")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", filter);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    field.value = "";
    filter();
  });
}

const state = document.querySelector("[data-live-state]");
const asOf = () => document.querySelector("#as-of").lastChild.textContent.trim();
let live = true;
let heard = Date.now();

// By the node's clock, in the node's zone: this device may have others.
function clockNow() {
  const [h, m, s] = asOf().split(":").map(Number);
  const t = h * 3600 + m * 60 + s + Math.round((Date.now() - heard) / 1000);
  return [Math.floor(t / 3600) % 24, Math.floor(t / 60) % 60, t % 60].map((n) => String(n).padStart(2, "0")).join(":");
}

document.addEventListener("live", (event) => {
  if (field.value) filter();
  if (event.detail.live) heard = Date.now();
  else if (live) {
    state.querySelector("[data-lost-at]").textContent = clockNow();
    state.querySelector("[data-list-at]").textContent = asOf();
  }
  live = event.detail.live;
});

// Every sheet says how old it is, and paper shows everybody: nobody would see
// later that it was a part.
addEventListener("beforeprint", () => {
  const says = document.querySelector(".truth-small").textContent.replace(/\s+/g, " ").trim();
  document.documentElement.style.setProperty("--paper", JSON.stringify(says));
  if (!form.hasAttribute("data-live-find")) return;
  field.value = "";
  filter();
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
