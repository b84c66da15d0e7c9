// Says when the node cannot be reached, and where to go instead: over the page, so that
// what is being written stays, and in its place where the browser was on its way to
// another. On the page of an evacuation it says so above, and covers nothing.
const address = document.querySelector("script[data-away]").dataset.away;
const itself = document.querySelector("[data-away-page]");
const evacuation = document.querySelector(".evac");
const often = 5000; // ms between two looks; while the node is away 2000
let page = "";
let shown = null;
let missed = 0;
let timer;

async function reached() {
  try {
    await fetch("/kiosk/away", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(4000) });
    return true;
  } catch {
    return false;
  }
}

function show() {
  const says = new DOMParser().parseFromString(page, "text/html").querySelector("[data-away-page]");
  if (shown || !says) return;
  shown = document.createElement(evacuation ? "div" : "dialog");
  shown.className = evacuation ? "away-line" : "away";
  shown.setAttribute("role", evacuation ? "alert" : "alertdialog");
  if (evacuation) {
    shown.append(says.querySelector("h1").textContent);
    evacuation.before(shown);
    return;
  }
  shown.setAttribute("aria-labelledby", "away-h");
  shown.tabIndex = 0; // a small screen is scrolled
  shown.append(says);
  shown.addEventListener("cancel", (event) => event.preventDefault());
  document.documentElement.dataset.away = "";
  document.body.append(shown);
  shown.showModal();
}

function hide() {
  if (!shown) return;
  if (!evacuation) shown.close();
  shown.remove();
  shown = null;
  delete document.documentElement.dataset.away;
}

async function look() {
  clearTimeout(timer);
  if (await reached()) {
    missed = 0;
    if (itself) return location.replace("/kiosk");
    hide();
  } else if (++missed > 1) {
    show();
  }
  timer = setTimeout(look, missed === 1 ? 1000 : missed ? 2000 : often);
}

if (!itself) {
  fetch(address, { cache: "no-store" }).then((answer) => answer.ok ? answer.text() : "").then((text) => { page = text; }).catch(() => { /* the next page has it */ });
  navigator.serviceWorker?.register("/kiosk/worker.js", { scope: "/kiosk" })
    .then(() => navigator.serviceWorker.ready)
    .then((worker) => worker.active.postMessage({ away: address }))
    .catch(() => { /* a page that is not secure has none */ });
}
document.addEventListener("live", (event) => { if (!event.detail.live && !missed) look(); });
timer = setTimeout(look, itself ? 2000 : often);
