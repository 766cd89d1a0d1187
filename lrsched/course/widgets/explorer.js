// Shows the picture of the chosen setting. All pictures were drawn beforehand; content.base is what they share.
const css = `
.lrsched .slider { display: grid; grid-template-columns: 7.5rem minmax(6rem, 1fr) 3rem 2.75rem; gap: 0 1rem; align-items: center }
.lrsched .slider input { width: 100%; height: 2.75rem; cursor: pointer }
.lrsched .slider output { text-align: right; font-weight: 600 }
.lrsched .slider button { width: 2.75rem; padding: 0; border-radius: 50%; line-height: 0 }
.lrsched .slider button:not(:hover) { border-color: var(--line) }
.lrsched .slider button svg { width: .875rem; fill: var(--accent) }
@media (prefers-reduced-motion: reduce) { .lrsched .slider button { visibility: hidden } }
.lrsched .picture { margin: .5rem 0 0 }
.lrsched .picture svg { display: block }
.lrsched figcaption { display: grid; margin-top: .25rem; color: var(--text); text-align: left; font: inherit }
.lrsched figcaption > *, .lrsched figcaption::after { grid-area: 1 / 1 }
.lrsched figcaption::after { content: attr(data-longest); visibility: hidden }
@media (max-width: 480px) {
  .lrsched .slider { grid-template-columns: 1fr auto; padding-top: .25rem }
  .lrsched .slider input { grid-column: 1 / -1; grid-row: 2 }
  .lrsched .slider:has(button) input { grid-column: 1 }
  .lrsched .slider button { grid-row: 2 }
}`;
const afterMoving = 500;  // milliseconds of rest before the sentence is read out
const sweep = 4000;  // milliseconds for all values of a slider
const icons = {play: 'M2 0l8 5-8 5z', stop: 'M1 1h8v8h-8z'};

function render({model, el}) {
  const {title, names, values, base, frames, sentences} = model.get('content');
  const sliders = names.map((name, i) => slider(name, values[i]));
  const caption = element('span');
  const longest = sentences.reduce((a, b) => a.length > b.length ? a : b);  // keeps its room, so that nothing moves
  const heard = element('p', {role: 'status', class: 'heard'});
  const picture = element('figure', {class: 'picture', html: base});
  picture.append(element('figcaption', {'aria-hidden': 'true', 'data-longest': longest}, caption));  // the picture's label says the same
  widget(el, title, css, ...sliders.map(s => s.row), picture, heard);

  const svg = picture.querySelector('svg');
  svg.setAttribute('role', 'img');
  const panels = [...svg.querySelectorAll('[data-axes]')].map(axes =>
    axes.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'g')));

  function slider(name, texts) {
    const id = `lrsched-${Math.random().toString(36).slice(2)}`;
    const input = element('input', {type: 'range', id, min: 0, max: texts.length - 1, step: 1});
    const shown = element('output', {for: id, 'aria-live': 'off'});
    const row = element('div', {class: 'slider'}, element('label', {for: id}, name), input, shown);
    const far = Math.ceil(texts.length / 4);
    input.addEventListener('input', () => { stop(); choose(); });
    input.addEventListener('keydown', event => {
      const by = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far,
        Home: -texts.length, End: texts.length}[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      stop();
      input.value = Number(input.value) + by;
      choose();
    });
    return {row, input, show(index) {
      input.value = index;
      input.setAttribute('aria-valuetext', texts[index]);
      shown.textContent = texts[index];
    }};
  }

  // The button at the first slider moves it from where it is, or from the start, to its end.
  const [first] = sliders;
  const button = element('button', {type: 'button', click: () => playing ? stop() : play()});
  first.row.append(button);
  let playing;
  function say(does) {
    button.innerHTML = `<svg viewBox="0 0 10 10" aria-hidden="true"><path d="${icons[does]}"/></svg>`;
    button.setAttribute('aria-label', does === 'play' ? `Play through ${names[0]}` : 'Stop');
  }
  function play() {
    const last = Number(first.input.max);
    if (Number(first.input.value) === last) { first.input.value = 0; choose(); }
    say('stop');
    playing = setInterval(() => {
      first.input.value = Number(first.input.value) + 1;
      choose();
      if (Number(first.input.value) === last) stop();
    }, Math.min(sweep / last, 400));
  }
  function stop() {
    if (!playing) return;
    clearInterval(playing);
    playing = undefined;
    say('play');
  }
  say('play');

  function choose() {
    model.set('index', sliders.map(s => Number(s.input.value)));
    model.save_changes();
  }

  // A link with the title "rate = 0.4, momentum = 0" moves the sliders that it names.
  function follow(event) {
    const link = event.target.closest('a[title*=" = "]');
    const index = [...model.get('index')];
    for (const wish of link?.title.split(', ') ?? []) {
      const [name, text] = wish.split(' = ');
      const i = names.indexOf(name);
      if (!values[i]?.includes(text)) return;
      index[i] = values[i].indexOf(text);
    }
    if (!link) return;
    event.preventDefault();
    stop();
    model.set('index', index);
    model.save_changes();
    picture.scrollIntoView({block: 'nearest'});
  }

  let rest;
  function draw() {
    const index = model.get('index');
    const frame = index.reduce((at, chosen, i) => at * values[i].length + chosen, 0);
    sliders.forEach((s, i) => s.show(index[i]));
    panels.forEach((panel, i) => { panel.innerHTML = frames[frame][i]; });
    svg.setAttribute('aria-label', sentences[frame]);
    caption.textContent = sentences[frame];
    return sentences[frame];
  }
  function redraw() {
    const sentence = draw();
    clearTimeout(rest);
    rest = setTimeout(() => { heard.textContent = sentence; }, afterMoving);
  }
  draw();
  model.on('change:index', redraw);
  document.addEventListener('click', follow);
  return () => { stop(); clearTimeout(rest); model.off('change:index', redraw); document.removeEventListener('click', follow); };
}

export default {render};
