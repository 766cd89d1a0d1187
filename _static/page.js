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

// The player of a recording comes when a reader turns to it: a page pays for no sound that nobody asks for. To be heard, a
// browser wants the click itself; other clicks wait for the player.
{
  let script, there = false;
  function turnTo({type, target}) {
    const section = target.closest?.('.player, .turn, .all') && target.closest('section');
    if (there || !section) return;
    if (!script) {
      script = document.createElement('script');
      script.src = new URL('_static/listen.js', new URL(document.documentElement.dataset.content_root, location.href));
      script.onload = () => { there = true; };
      document.head.append(script);
    }
    if (type !== 'click') return;
    if (target.closest('.play')) section.querySelector('audio').play().catch(() => {}); else script.asked = target;
  }
  for (const kind of ['pointerover', 'focusin', 'click']) document.addEventListener(kind, turnTo);
}

// What a reader has done, kept in this browser alone: a quiet mark beside each page in the contents.
addEventListener('DOMContentLoaded', () => {
  const key = 'lrsched:progress';
  const article = document.querySelector('article'), links = document.querySelectorAll('.bd-sidenav li > a.reference:not(.sections *)');
  const name = ({pathname}) => pathname.split('/').slice(-2).join('/').replace('.html', ''), here = name(location);
  const table = value => typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

  function load() {
    try { return table(JSON.parse(localStorage.getItem(key))); } catch { return {}; }
  }
  function record(page, what) {
    const kept = load();
    kept[page] = {...table(kept[page]), ...what};
    try { localStorage.setItem(key, JSON.stringify(kept)); } catch { return; }
    mark();
  }
  function words({read = 0, bet, quiz, solved}) {
    return [read && `${Math.round(100 * read)} % read`, bet && 'bet placed', quiz && 'quiz solved', solved && 'solved'].filter(Boolean).join(', ');
  }
  const remove = document.createElement('button');
  remove.className = 'forget';
  remove.type = 'button';
  remove.textContent = 'Remove my marks';
  remove.onclick = () => { try { [key, 'lrsched:listen'].forEach(one => localStorage.removeItem(one)); } catch { /* nothing is kept */ } mark(); };

  function mark() {
    const kept = load();
    let any = false;
    for (const link of links) {
      const page = name(link), done = table(kept[page]), text = words(done);
      link.querySelector('.heard')?.remove();
      delete link.dataset.share;
      link.removeAttribute('title');
      if (!text) continue;
      any = true;
      const share = page.startsWith('exercises/') ? Number(done.solved) : (Math.min(done.read ?? 0, 1) + Boolean(done.bet) + Boolean(done.quiz)) / 3;
      link.dataset.share = share > 0.96 ? 'all' : 'part';
      link.style.setProperty('--share', share);
      link.title = text;
      link.insertAdjacentHTML('beforeend', `<span class="heard">, ${text}</span>`);
    }
    if (any) document.querySelector('.bd-links')?.append(remove); else remove.remove();
  }

  document.addEventListener('lrsched:done', ({detail: {page, ...what}}) => record(page, what));
  if (article?.querySelector('.kicker')) {
    const headings = [...article.querySelectorAll('h2')], seen = new Set();
    const observer = new IntersectionObserver(entries => {
      for (const {isIntersecting, target} of entries) if (isIntersecting) seen.add(target);
      const before = load()[here]?.read ?? 0, read = seen.size / headings.length;
      if (read > before) record(here, {read});
    });
    headings.forEach(heading => observer.observe(heading));
  }
  // Exercises are solved in a notebook, of which the page knows nothing: the reader says so.
  if (here.startsWith('exercises/') && !here.endsWith('/index')) {
    const box = document.createElement('input'), label = document.createElement('label');
    box.type = 'checkbox';
    box.checked = Boolean(load()[here]?.solved);
    box.onchange = () => record(here, {solved: box.checked});
    label.className = 'solved';
    label.append(box, ' I have solved these exercises: mark them in the contents');
    article?.append(label);
  }
  mark();
});
