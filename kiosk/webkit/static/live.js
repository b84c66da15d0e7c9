// Keeps every <div data-live="/path/to/events"> up to date. Each "fragment"
// event carries the region rendered by the server. The page is complete
// without this; with it, the page says when it has lost the node.
const state = document.querySelector("[data-live-state]");
const up = new Map();

function tell(region, live) {
  up.set(region, live);
  region.dataset.liveIs = live ? "on" : "lost";
  if (!state) return;
  const all = [...up.values()].every(Boolean);
  state.hidden = false;
  state.dataset.liveIs = all ? "on" : "lost";
  state.querySelector("[data-live-on]").hidden = !all;
  state.querySelector("[data-live-lost]").hidden = all;
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
  let at = from.firstChild;
  for (const next of [...to.childNodes]) {
    while (at && at.id && at.id !== next.id && !wanted.has(at.id)) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
    const same = next.id && [...from.children].find((n) => n.id === next.id);
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

function listen(region) {
  const source = new EventSource(region.dataset.live);
  source.addEventListener("open", () => tell(region, true));
  source.addEventListener("fragment", (event) => {
    const next = document.createElement("template");
    next.innerHTML = event.data;
    const to = region.cloneNode(false);
    to.replaceChildren(next.content);
    children(region, to);
    tell(region, true);
  });
  source.addEventListener("error", () => {
    tell(region, false);
    // The browser retries a cut by itself, but not a refusal.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000, region);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

for (const region of document.querySelectorAll("[data-live]")) listen(region);
