// Where the node cannot be reached, the browser has a page that says so and names other
// entrances, in place of its own. This keeps that page and what it loads, and nothing
// else: nothing that anybody writes passes through its store.
const store = "upprop-away";
const address = "/kiosk/away";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (typeof event.data?.away === "string" && event.data.away.startsWith(address)) event.waitUntil(keep(event.data.away).catch(() => { /* next time */ }));
});

// keep has the page in the language that was read last.
async function keep(from) {
  const page = await fetch(from, { cache: "no-store" });
  if (!page.ok) return;
  const text = await page.clone().text();
  const files = [...text.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map((m) => m[1].replaceAll("&amp;", "&")).filter(kept);
  const kiosk = await caches.open(store);
  for (const file of files) {
    if (await kiosk.match(file)) continue;
    const answer = await fetch(file);
    if (answer.ok) await kiosk.put(file, answer);
  }
  await kiosk.put(address, page);
  for (const old of await kiosk.keys()) {
    const url = new URL(old.url);
    if (url.pathname !== address && !files.includes(url.pathname + url.search)) await kiosk.delete(old);
  }
}

function kept(path) { return path.includes("/assets/") || path.startsWith("/look"); }

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(fetch(event.request).catch(() => stands(address)));
  else if (event.request.method === "GET" && kept(url.pathname)) event.respondWith(fetch(event.request).catch(() => stands(event.request)));
});

async function stands(of) {
  return await (await caches.open(store)).match(of, { ignoreVary: true }) ?? Response.error();
}
