// Shows the picture of the chosen setting. All pictures were drawn beforehand; content.base is what they share.
const afterMoving = 500;  // milliseconds of rest before the sentence is read out
const sweep = 4000;  // milliseconds for all values of a slider
const icons = {play: 'M2 0l8 5-8 5z', stop: 'M1 1h8v8h-8z', less: 'M6.5 1.5L3 5l3.5 3.5', more: 'M3.5 1.5L7 5 3.5 8.5'};
const rates = ['rate', 'learning rate', 'peak rate', 'peak lr', 'drop at'];

function icon(button, name, label) {
  button.innerHTML = `<svg viewBox="0 0 10 10" aria-hidden="true"><path d="${icons[name]}"/></svg>`;
  button.setAttribute('aria-label', label);
}

function render({model, el}) {
  const {title, names, values, base, frames, sentences, goal} = model.get('content');
  const settings = names.map((name, i) => values[i].every(text => Number.isNaN(Number(text))) ? words(name, values[i]) : slider(name, values[i]));
  const caption = element('span');
  const longest = sentences.reduce((a, b) => a.length > b.length ? a : b);  // keeps its room, so that nothing moves
  const below = element('p', {class: 'caption', 'aria-hidden': 'true', 'data-longest': longest}, caption);  // the picture's label says the same
  const heard = element('p', {role: 'status', class: 'heard'});
  const picture = element('figure', {class: 'picture', html: base});
  const controls = settings.map(s => s.row);
  const aim = goal && element('p', {class: 'goal'}, element('b', {}, goal.text), goal.how);
  const parts = goal ? [picture, element('div', {}, aim, ...controls, below), heard] : [...controls, picture, below, heard];
  widget(el, title, css, ...parts).classList.add(...goal ? ['beside', 'wide'] : ['explorer']);

  const svg = picture.querySelector('svg');
  svg.setAttribute('role', 'img');
  const panels = [...svg.querySelectorAll('[data-axes]')].map(axes =>
    axes.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'g')));

  function newId() { return `lrsched-${Math.random().toString(36).slice(2)}`; }

  function slider(name, texts) {
    const id = newId(), last = texts.length - 1;
    const input = element('input', {type: 'range', id, min: 0, max: last, step: 1});
    const value = element('output', {for: id, 'aria-live': 'off'});
    const less = element('button', {type: 'button', class: 'round', click: () => move(-1)});
    const more = element('button', {type: 'button', class: 'round', click: () => move(1)});
    icon(less, 'less', `${name}: one step down`);
    icon(more, 'more', `${name}: one step up`);
    const row = element('div', {class: `setting ${rates.includes(name) ? 'rate' : ''}`}, element('label', {for: id}, name), value, less, input, more);
    const far = Math.ceil(texts.length / 4);
    function move(by) { stop(); input.value = Number(input.value) + by; choose(); }
    input.addEventListener('input', () => { stop(); choose(); });
    input.addEventListener('keydown', event => {
      const by = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far,
        Home: -texts.length, End: texts.length}[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(by);
    });
    return {row, input, index: () => Number(input.value), show(index) {
      input.value = index;
      input.setAttribute('aria-valuetext', texts[index]);
      input.style.setProperty('--filled', `${100 * index / last}%`);
      value.textContent = texts[index];
      less.disabled = index === 0;
      more.disabled = index === last;
    }};
  }

  function words(name, texts) {
    const group = newId();
    const inputs = texts.map((text, i) => element('input', {type: 'radio', name: group, value: i, change: () => { stop(); choose(); }}));
    const labels = inputs.map((input, i) => element('label', {}, input, texts[i]));
    const row = element('fieldset', {class: 'words'}, element('legend', {}, name), element('div', {class: 'group'}, ...labels));
    return {row, index: () => inputs.findIndex(input => input.checked), show(index) { inputs[index].checked = true; }};
  }

  // A button at the first slider moves it from where it is, or from the start, to its end.
  const first = settings.find(s => s.input);
  const button = element('button', {type: 'button', class: 'round play', click: () => playing ? stop() : play()});
  first?.row.append(button);
  let playing;
  function play() {
    const last = Number(first.input.max);
    if (first.index() === last) { first.input.value = 0; choose(); }
    icon(button, 'stop', 'Stop');
    playing = setInterval(() => {
      first.input.value = first.index() + 1;
      choose();
      if (first.index() === last) stop();
    }, Math.min(sweep / last, 400));
  }
  function stop() {
    if (!playing) return;
    clearInterval(playing);
    playing = undefined;
    icon(button, 'play', `Play through ${names[settings.indexOf(first)]}`);
  }
  if (first) icon(button, 'play', `Play through ${names[settings.indexOf(first)]}`);

  function choose() {
    model.set('index', settings.map(s => s.index()));
    model.save_changes();
  }

  // A setting, "rate = 0.4, momentum = 0", moves what it names, if all of it is here.
  function go(setting) {
    const index = [...model.get('index')];
    for (const wish of setting.split(', ')) {
      const [name, text] = wish.split(' = ');
      const i = names.indexOf(name);
      if (!values[i]?.includes(text)) return false;
      index[i] = values[i].indexOf(text);
    }
    stop();
    model.set('index', index);
    model.save_changes();
    return true;
  }
  function goByLink(event) {
    const link = event.target.closest('a[title*=" = "]');
    if (!link || !go(link.title)) return;
    event.preventDefault();
    picture.scrollIntoView({block: 'nearest'});
  }
  function goByEvent(event) { go(event.detail); }

  let rest;
  function draw() {
    const index = model.get('index');
    const frame = index.reduce((at, chosen, i) => at * values[i].length + chosen, 0);
    settings.forEach((s, i) => s.show(index[i]));
    panels.forEach((panel, i) => { panel.innerHTML = frames[frame][i]; });
    svg.setAttribute('aria-label', sentences[frame]);
    caption.textContent = sentences[frame];
    aim?.classList.toggle('reached', goal.frames.includes(frame));
    return sentences[frame] + (goal?.frames.includes(frame) ? ' Goal reached.' : '');
  }
  function redraw() {
    const sentence = draw();
    clearTimeout(rest);
    rest = setTimeout(() => { heard.textContent = sentence; }, afterMoving);
  }
  draw();
  model.on('change:index', redraw);
  document.addEventListener('click', goByLink);
  document.addEventListener('lrsched:setting', goByEvent);
  return () => {
    stop();
    clearTimeout(rest);
    model.off('change:index', redraw);
    document.removeEventListener('click', goByLink);
    document.removeEventListener('lrsched:setting', goByEvent);
  };
}

export default {render};
