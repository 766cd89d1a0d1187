// What every page does beyond the theme.

// On paper the page is light, whatever it is on screen.
{
  const {dataset} = document.documentElement;
  let theme;
  addEventListener('beforeprint', () => { theme = dataset.theme; dataset.theme = 'light'; });
  addEventListener('afterprint', () => { dataset.theme = theme; });
}

// What a reader has opened can be read again without a network. The first page was loaded before there was a worker:
// it is kept from here. Where storage is refused, the pages need their network.
addEventListener('load', async () => {
  if (!navigator.serviceWorker || !location.protocol.startsWith('http')) return;
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  try {
    await navigator.serviceWorker.register(new URL('service-worker.js', root));
    await navigator.serviceWorker.ready;
    const shown = performance.getEntriesByType('resource').map(entry => entry.name);
    const own = [location.href, ...shown].filter(address => address.startsWith(root));
    const kept = await caches.open('read pages');
    for (const address of new Set(own.map(address => address.split(/[?#]/)[0]))) {
      if (!await kept.match(address)) await kept.add(address);
    }
  } catch {}
});
