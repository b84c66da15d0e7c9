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
const asOf = () => document.querySelector("#as-of").lastChild.textContent;
let live = true;
document.addEventListener("live", (event) => {
  if (field.value) filter();
  if (live && !event.detail.live) {
    state.querySelector("[data-lost-at]").textContent = new Date().toLocaleTimeString("sv-SE");
    state.querySelector("[data-list-at]").textContent = asOf();
  }
  live = event.detail.live;
});

// Paper shows everybody: nobody would see later that it was a part.
addEventListener("beforeprint", () => {
  if (!form.hasAttribute("data-live-find")) return;
  field.value = "";
  filter();
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
