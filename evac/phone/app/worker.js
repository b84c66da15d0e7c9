// The service worker: it keeps the page's files, of one release together, and
// nothing else. What the phone knows of people never passes through its cache.

const cacheName = "upprop-phone-" + version;

self.addEventListener("install", e => e.waitUntil(
  caches.open(cacheName).then(c => c.addAll(kept.map(u => new Request(u, {cache: "reload"})))),
));

self.addEventListener("activate", e => e.waitUntil((async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith("upprop-phone-") && name !== cacheName) await caches.delete(name);
  }
  await self.clients.claim();
})()));

// A new release takes over when the page is opened anew, never under the hands
// of somebody who is using it.
self.addEventListener("message", e => { if (e.data === "take over") self.skipWaiting(); });

self.addEventListener("fetch", e => {
  const url = new URL(e.request.url);
  if (e.request.method !== "GET" || url.origin !== location.origin) return;
  const path = url.pathname === "/phone/" ? "/phone" : url.pathname;
  if (!kept.includes(path)) return;
  e.respondWith((async () => {
    const c = await caches.open(cacheName);
    return await c.match(path) || fetch(e.request);
  })());
});
