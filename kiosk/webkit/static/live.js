// Keeps every <div data-live="/path/to/events"> up to date. Each "fragment"
// event carries the region rendered by the server; each "part" event carries
// elements that replace those of the same id within it; each "data" event is
// handed on as the document's "live-data" event; "look" carries the house's logo
// and sheet as they are now; "reload" says that the whole
// page is another one by now. A page with a <form data-live-hold="/path"> sends
// it there instead, so that what is being written is not lost. The page is
// complete without this; with it, the page says when it has lost the node.
//
// A region with data-live-patience="5" counts as lost when nothing has come
// for so many seconds, however well the connection seems. Whenever a region
// was updated or lost, the document gets a "live" event.
const state = document.querySelector("[data-live-state]");
const up = new Map();

function tell(region, live) {
  up.set(region, live);
  region.dataset.liveIs = live ? "on" : "lost";
  const all = [...up.values()].every(Boolean);
  if (state) {
    state.hidden = false;
    state.dataset.liveIs = all ? "on" : "lost";
    state.querySelector("[data-live-on]").hidden = !all;
    state.querySelector("[data-live-lost]").hidden = all;
  }
  document.dispatchEvent(new CustomEvent("live", { detail: { live: all } }));
}

// Changes only what differs, so that focus, scroll and a finger on a button
// stay where they are. Elements with an id are matched by it.
function morph(from, to) {
  if (from.isEqualNode(to)) return;
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName || (from.id || "") !== (to.id || "")) {
    from.replaceWith(to.cloneNode(true));
    return;
  }
  if (from.nodeType !== Node.ELEMENT_NODE) {
    from.nodeValue = to.nodeValue;
    return;
  }
  for (const { name } of [...from.attributes]) {
    // What a person has opened stays open.
    if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
  }
  for (const { name, value } of [...to.attributes]) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  children(from, to);
}

function children(from, to) {
  const wanted = new Set([...to.children].map((n) => n.id).filter(Boolean));
  const have = new Map([...from.children].filter((n) => n.id).map((n) => [n.id, n]));
  let at = from.firstChild;
  for (const next of [...to.childNodes]) {
    while (at && at.id && at.id !== next.id && !wanted.has(at.id)) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
    const same = next.id && have.get(next.id);
    if (same && same !== at) from.insertBefore(same, at);
    else if (!same && next.id) {
      from.insertBefore(next.cloneNode(true), at);
      continue;
    } else if (!at || (at.id && !next.id)) {
      from.insertBefore(next.cloneNode(true), at);
      continue;
    }
    const here = same || at;
    at = here.nextSibling;
    morph(here, next);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

// The house's logo and colours have changed: what is being written stays.
function dress(next) {
  if (!document.querySelector("meta[name=upprop-look]")) return;
  for (const [id, attribute, home] of [["look-css", "href", document.head], ["look-logo", "src", document.querySelector("header.bar")]]) {
    const from = document.getElementById(id);
    const to = next.getElementById(id);
    if (from && to && from.getAttribute(attribute) === to.getAttribute(attribute)) continue;
    if (from && to) {
      // The old sheet stays until the new one is there, so that nothing flickers.
      if (id === "look-css") to.addEventListener("load", () => from.remove(), { once: true });
      from.after(to);
      if (id !== "look-css") from.remove();
    } else if (to && id === "look-css") {
      const own = home.querySelector("link[rel=stylesheet]");
      own.after(to);
    } else if (to) home.prepend(to);
    else if (from) from.remove();
  }
}

function listen(region) {
  const source = new EventSource(region.dataset.live);
  const patience = Number(region.dataset.livePatience || 0) * 1000;
  let heard = Date.now();
  let timer;

  const end = () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    source.close();
  };
  const again = (after) => {
    end();
    setTimeout(listen, after, region);
  };
  // A connection can be dead for minutes without an error.
  const look = () => {
    if (Date.now() - heard <= patience) return;
    tell(region, false);
    again(0);
  };
  const read = (event) => {
    heard = Date.now();
    const next = document.createElement("template");
    next.innerHTML = event.data;
    return next.content;
  };

  // Where patience is short, only news proves that the page is live.
  source.addEventListener("open", () => { if (!patience) tell(region, true); });
  source.addEventListener("fragment", (event) => {
    const to = region.cloneNode(false);
    to.replaceChildren(read(event));
    children(region, to);
    tell(region, true);
  });
  source.addEventListener("part", (event) => {
    for (const to of [...read(event).children]) {
      const from = document.getElementById(to.id);
      if (from && region.contains(from)) morph(from, to);
    }
    tell(region, true);
  });
  source.addEventListener("data", (event) => {
    heard = Date.now();
    document.dispatchEvent(new CustomEvent("live-data", { detail: event.data }));
    tell(region, true);
  });
  source.addEventListener("look", (event) => dress(read(event)));
  source.addEventListener("reload", () => {
    const form = document.querySelector("form[data-live-hold]");
    if (!form) return location.reload();
    end();
    form.action = form.dataset.liveHold;
    form.submit();
  });
  source.addEventListener("error", () => {
    tell(region, false);
    // The browser retries a cut by itself, but not a refusal.
    if (source.readyState === EventSource.CLOSED) again(3000);
  });
  if (patience) {
    timer = setInterval(look, 1000);
    document.addEventListener("visibilitychange", look);
  }
  addEventListener("pagehide", end, { once: true });
}

for (const region of document.querySelectorAll("[data-live]")) listen(region);
// A page out of the browser's memory shows the past as if it were now.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
