/** The service worker of one inspection's field pages: they open without a connection, with what waits on this phone.
    It is served below the inspection's address, keeps one page and the files it needs, and answers nothing else. */

const KEPT = "capture";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => event.waitUntil(keep(event.data)));

async function keep({ keep, page }) {
  const cache = await caches.open(KEPT);
  const wanted = [page, ...keep.filter((url) => new URL(url).pathname.includes("/static/"))];
  await Promise.allSettled(wanted.map((url) => cache.add(url)));
  (await self.clients.matchAll()).forEach((client) => client.postMessage("kept"));
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(() => caches.match(new URL("offline", self.registration.scope))));
  } else if (request.method === "GET" && new URL(request.url).pathname.includes("/static/")) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});
