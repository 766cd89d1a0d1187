// What every page does beyond the theme.

// On paper the page is light, whatever it is on screen.
{
  const {dataset} = document.documentElement;
  let theme;
  addEventListener('beforeprint', () => { theme = dataset.theme; dataset.theme = 'light'; });
  addEventListener('afterprint', () => { dataset.theme = theme; });
}

// What a reader has opened can be read again without a network: the worker keeps what passes through it. The first page
// was loaded before there was a worker, so it is asked for once more. Where storage is refused, there is no worker.
addEventListener('load', () => {
  const workers = navigator.serviceWorker;
  if (!workers || !location.protocol.startsWith('http')) return;
  if (!workers.controller) {
    workers.addEventListener('controllerchange', () => {
      const shown = performance.getEntriesByType('resource').map(entry => entry.name);
      [location.href, ...shown].forEach(address => fetch(address).catch(() => {}));
    }, {once: true});
  }
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  workers.register(new URL('service-worker.js', root)).catch(() => {});
});
