// Plays the recorded conversations: lights the line that is spoken, and holds the chapter's demo above the lines, moved
// to what they name. It comes when a reader first turns to a player (page.js), with `asked`, what was clicked meanwhile.
// Without it there are the browser's own players, and the text.
{
  const key = 'lrsched:listen', bars = 'M1 0h3v10H1zM6 0h3v10H6z';
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const clock = time => `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, '0')}`;
  const last = (times, now) => times.findLastIndex(time => time <= now);
  const numbers = text => text.split(' ').filter(Boolean).map(Number);

  let kept = {};
  try { kept = {...JSON.parse(localStorage.getItem(key))}; } catch { /* the places are lost */ }
  function keep(slug, place) {
    kept = {...kept, [slug]: place, last: slug};
    try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* they last until the page is left */ }
  }

  const players = [...document.querySelectorAll('audio[data-slug]')].map(player);

  function player(audio, number) {
    const {slug, seconds} = audio.dataset, lines = numbers(audio.dataset.lines), links = numbers(audio.dataset.links);
    const section = audio.closest('section'), turns = [...section.querySelectorAll('.turn')];
    const wishes = [...section.querySelectorAll('.turn a[title*=" = "]')].map(link => link.title);
    const demo = wishes.length ? document.querySelector('#try-it .cell_output:has(script[type$="widget-view+json"])') : null;
    const room = document.createElement('div'), box = section.querySelector('.player');
    const [play, range, time, follow, trouble] = ['.play', '[type=range]', '.time', '.follow input', '[role=status]'].map(name => box.querySelector(name));
    const icon = play.querySelector('path'), triangle = icon.getAttribute('d');
    const buttons = turns.map((turn, i) => {
      const button = document.createElement('button'), head = turn.querySelector('.head');
      button.type = 'button';
      button.className = 'from';
      button.ariaLabel = `Play from ${clock(lines[i])}, ${turn.querySelector('.who').textContent}`;
      head.replaceWith(button);
      button.append(head);
      turn.addEventListener('click', event => { if (!event.target.closest('a') && getSelection().isCollapsed) start(lines[i]); });
      return button;
    });

    let place = kept[slug] > 0 && kept[slug] < seconds ? kept[slug] : 0, line = -1, link = -1, byHand = false, asked = false;

    function spoken() { return Math.max(0, last(lines, place + 0.05)); }
    function start(from = place) { seek(from); audio.play().catch(() => {}); }

    // The recording as a whole can be searched whatever the server can, and is kept for when there is no network. Until it
    // is there the element plays without a sound: a browser lets only those play that began at a click.
    async function load() {
      asked = true;
      if (location.protocol === 'file:') return;
      audio.muted = true;
      try {
        const answer = await fetch(audio.src);
        if (!answer.ok) throw answer;
        audio.src = URL.createObjectURL(await answer.blob());
        audio.muted = false;
        if (section.matches('.listening')) await audio.play();
      } catch (error) {
        if (audio.muted) fail();
      }
    }
    function fail() {
      audio.pause();
      audio.muted = asked = false;
      trouble.textContent = 'The recording cannot be loaded.';
    }
    function seek(to) {
      place = Math.max(0, Math.min(to, seconds - 0.1));
      if (audio.readyState) audio.currentTime = place;
      show();
    }
    function show() {
      range.value = place;
      range.ariaValueText = time.textContent = `${clock(place)} / ${clock(seconds)}`;
      if (audio.paused) return;
      const now = spoken(), named = last(links, place + 0.05);
      if (now !== line) {
        light(now);
        byHand = false;
        if (follow.checked) reveal(turns[now]);
      }
      if (named !== link && (byHand || !demo || box.querySelector('.lrsched:not(.first-frame)'))) {
        link = named;
        if (!byHand && demo && wishes[link]) document.dispatchEvent(new CustomEvent('lrsched:setting', {detail: wishes[link]}));
      }
    }
    function light(now) {
      turns.forEach((turn, i) => turn.classList.toggle('now', i === now));
      buttons.forEach((button, i) => { button.ariaCurrent = i === now ? 'true' : null; });
      line = now;
    }
    function reveal(turn) {
      const {top, bottom} = turn.getBoundingClientRect(), edge = box.getBoundingClientRect().bottom + 12;
      if (top < edge || bottom > innerHeight) scrollBy({top: top - edge, behavior: calm.matches ? 'auto' : 'smooth'});
    }

    // The demo comes to the lines and goes back where it was; what was read stays where it is on the screen.
    function listen(on) {
      const seen = (turns[line] ?? box).getBoundingClientRect().top;
      section.classList.toggle('listening', on);
      if (on && demo && !box.contains(demo)) {
        room.style.height = `${demo.offsetHeight}px`;
        demo.replaceWith(room);
        box.append(demo);
      } else if (!on && demo) {
        room.replaceWith(demo);
        scrollBy({top: (turns[line] ?? box).getBoundingClientRect().top - seen, behavior: 'instant'});
      }
      play.ariaLabel = on ? 'Pause' : 'Play';
      icon.setAttribute('d', on ? bars : triangle);
    }

    function begin() {
      for (const other of document.querySelectorAll('audio')) if (other !== audio) other.pause();
      trouble.textContent = '';
      line = link = -1;
      if (!asked) load();
      listen(true);
      show();
      if ('mediaSession' in navigator) navigator.mediaSession.metadata = new MediaMetadata({title: audio.ariaLabel, artist: 'Maya, Theo and Priya'});
    }
    audio.addEventListener('play', begin);
    audio.addEventListener('pause', () => { listen(false); light(-1); });
    audio.addEventListener('loadedmetadata', () => { audio.currentTime = place; });
    audio.addEventListener('timeupdate', () => {
      if (audio.muted) return;
      const before = Math.floor(place);
      place = audio.currentTime;
      if (Math.floor(place) !== before) keep(slug, place);
      show();
    });
    audio.addEventListener('ended', () => {
      keep(slug, place = 0);
      show();
      players[number + 1]?.start(0);
    });
    audio.addEventListener('error', () => { if (!audio.muted) fail(); });
    play.addEventListener('click', () => audio.paused ? start() : audio.pause());
    range.addEventListener('input', () => seek(Number(range.value)));
    box.querySelector('fieldset').addEventListener('change', event => { audio.defaultPlaybackRate = audio.playbackRate = Number(event.target.value); });
    for (const kind of ['pointerdown', 'keydown', 'input']) demo?.addEventListener(kind, () => { byHand = true; });

    section.addEventListener('keydown', event => {
      const at = event.target;
      if (event.ctrlKey || event.metaKey || event.altKey || !at.closest('.bar, .from')) return;
      const move = by => {
        const to = Math.max(0, Math.min(spoken() + by, lines.length - 1));
        buttons[to].focus({preventScroll: true});
        reveal(turns[to]);
        seek(lines[to]);
      };
      const keys = {k: () => play.click(), j: () => seek(place - 5), l: () => seek(place + 5)};
      if (!at.matches('input')) Object.assign(keys, {ArrowDown: () => move(1), ArrowUp: () => move(-1)});
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    show();
    // It was asked to play before this script was there.
    if (audio.error) fail(); else if (!audio.paused) { seek(place); begin(); }
    return {audio, start, slug, name: section.querySelector('h2').firstChild.textContent};
  }

  // Where there are several, one button plays them all, or goes on where the reader stopped.
  const all = document.querySelector('button.all');
  const stopped = players.find(({slug}) => slug === kept.last && kept[slug] > 0);
  if (stopped) all?.append(` from ${stopped.name}, ${clock(kept[kept.last])}`);
  all?.addEventListener('click', () => (stopped ?? players[0]).start());
  document.currentScript.asked?.click();
}
