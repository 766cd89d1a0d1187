// Keeps every page that was read, with all that it shows, for when there is no network. With a network the pages are
// always fresh. What lies under lite/ has a service worker of its own.
const KEPT = 'read pages';
const plain = address => address.split(/[?#]/)[0];  // the same file, whatever its version

addEventListener('install', () => skipWaiting());
addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('fetch', event => {
  const {request} = event;
  const {origin, pathname} = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || pathname.includes('/lite/')) return;
  const page = plain(request.url);
  event.respondWith((async () => {
    try {
      const answer = await fetch(request);
      if (answer.status === 200) event.waitUntil(keep(page, answer.clone()));
      return answer;
    } catch (offline) {
      const kept = await caches.open(KEPT);
      return await kept.match(page) || await kept.match(page + 'index.html') || Promise.reject(offline);
    }
  })());
});

// Apart from the answer: where nothing can be kept, the page comes all the same.
async function keep(page, answer) {
  const kept = await caches.open(KEPT);
  await kept.put(page, answer);
}
