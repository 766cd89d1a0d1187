// Shows the picture of the chosen setting. All pictures were drawn beforehand; content.base is what they share.
const css = `
.lrsched .slider { display: grid; grid-template-columns: 7.5rem minmax(6rem, 1fr) 4rem; gap: 0 1rem; align-items: center }
.lrsched .slider input { width: 100%; height: 2.75rem; cursor: pointer }
.lrsched .slider output { text-align: right; font-weight: 600 }
.lrsched .picture { margin: .5rem 0 0 }
.lrsched .picture svg { display: block }
.lrsched figcaption { display: grid; margin-top: .25rem; color: var(--text); text-align: left; font: inherit }
.lrsched figcaption > *, .lrsched figcaption::after { grid-area: 1 / 1 }
.lrsched figcaption::after { content: attr(data-longest); visibility: hidden }
@media (max-width: 480px) {
  .lrsched .slider { grid-template-columns: 1fr auto; padding-top: .25rem }
  .lrsched .slider input { grid-column: 1 / -1; grid-row: 2 }
}`;
const afterMoving = 500;  // milliseconds of rest before the sentence is read out

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
    input.addEventListener('input', choose);
    input.addEventListener('keydown', event => {
      const by = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far,
        Home: -texts.length, End: texts.length}[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.value = Number(input.value) + by;
      choose();
    });
    return {row, input, show(index) {
      input.value = index;
      input.setAttribute('aria-valuetext', texts[index]);
      shown.textContent = texts[index];
    }};
  }

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
  return () => { clearTimeout(rest); model.off('change:index', redraw); document.removeEventListener('click', follow); };
}

export default {render};
