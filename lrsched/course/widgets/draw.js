// A pad on which a schedule is drawn, what it does to the loss, and the schedule in code. `content.problems` has for each
// problem what lrsched/course/play/draw.py knows of it.

const HANDLES = 12, NOTCHES = 200, REST = 500;  // ms without a key end a try
const LEVELS = 2 ** 16, MOST_POINTS = 64, TOLERANCE = .012;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

// A drawing is [[update, level], ...]; between two points the rate is a straight line, as in np.interp. What is scored is
// what the link and the code hold. The same as in lrsched/course/play/drawing.py.
const scaleOf = ({low, high}) => ({
  level: rate => Math.round((LEVELS - 1) * Math.min(1, Math.max(0, Math.log(rate / low) / Math.log(high / low)))),
  rate: level => Number((low * (high / low) ** (level / (LEVELS - 1))).toPrecision(6)),
});
function fill(points, scale, steps) {
  const rates = new Float64Array(steps);
  let i = 0;
  for (let t = 0; t < steps; t++) {
    while (i + 1 < points.length && points[i + 1][0] <= t) i++;
    const [from, level] = points[i], [to, next] = points[i + 1] ?? points[i], rate = scale.rate(level);
    rates[t] = to > from ? (scale.rate(next) - rate) / (to - from) * (t - from) + rate : rate;
  }
  return rates;
}
// Douglas and Peucker, with the distance upwards in the logarithm.
function simplify(rates, scale) {
  const last = rates.length - 1, levels = Array.from(rates, scale.level), drawn = levels.map(scale.rate);
  for (let tolerance = TOLERANCE; ; tolerance *= 1.5) {
    const corners = new Set([0, last]), spans = [[0, last]];
    while (spans.length) {
      const [start, end] = spans.pop();
      let most = tolerance, at = 0;
      for (let t = start + 1; t < end; t++) {
        const off = Math.abs(Math.log(rates[t] / (drawn[start] + (drawn[end] - drawn[start]) * (t - start) / (end - start))));
        if (off > most) [most, at] = [off, t];
      }
      if (at) { corners.add(at); spans.push([start, at], [at, end]); }
    }
    if (corners.size > MOST_POINTS) continue;
    const points = [...corners].sort((a, b) => a - b).map(t => [t, levels[t]]);
    return points.length === 2 && points[0][1] === points[1][1] ? [points[0]] : points;
  }
}
// Four letters for each point.
function encode(points) {
  return points.map(([t, level]) => [18, 12, 6, 0].map(shift => ALPHABET[t * LEVELS + level >> shift & 63]).join('')).join('');
}
function decode(code, steps) {
  if (!code || code.length % 4 || code.length > 4 * MOST_POINTS) return;
  const digits = [...code].map(letter => ALPHABET.indexOf(letter)), points = [];
  if (digits.includes(-1)) return;
  for (let i = 0; i < digits.length; i += 4) {
    const number = digits.slice(i, i + 4).reduce((number, digit) => 64 * number + digit);
    points.push([Math.floor(number / LEVELS), number % LEVELS]);
  }
  if (points[0][0] === 0 && points.every(([t], i) => t < steps && (!i || t > points[i - 1][0]))) return points;
}

// The schedule in code, from the updates and the rates of its points; each runs as it stands beside a reader's `model`.
const lambda = 'torch.optim.lr_scheduler.LambdaLR(\n    optimizer, lambda t: float(np.interp(t, updates, rates))\n)';
const dialects = {
  lrsched: (updates, rates) => `import numpy as np

updates = ${updates}
rates = ${rates}


def schedule(t):
    return np.interp(t, updates, rates)`,
  torch: (updates, rates) => `import numpy as np
import torch

updates = ${updates}
rates = ${rates}

# LambdaLR multiplies the rate of the optimizer: let that be 1.
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
scheduler = ${lambda}
# After each optimizer.step(): scheduler.step()`,
  transformers: (updates, rates) => `import numpy as np
import torch
from transformers import Trainer

updates = ${updates}
rates = ${rates}

# LambdaLR multiplies the rate of the optimizer: let that be 1.
optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)
scheduler = ${lambda}
trainer = Trainer(
    model=model,
    args=arguments,
    train_dataset=data,
    optimizers=(optimizer, scheduler),
)`,
  Keras: (updates, rates) => `import keras
import numpy as np

updates = ${updates}
rates = ${rates}


class Drawing(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        table = np.interp(range(updates[-1] + 1), updates, rates)
        table = keras.ops.convert_to_tensor(table, "float32")
        step = keras.ops.cast(step, "int32")
        return keras.ops.take(table, keras.ops.minimum(step, updates[-1]))

    def get_config(self):
        return {}


optimizer = keras.optimizers.SGD(Drawing())`,
  optax: (updates, rates) => `import jax.numpy as jnp
import optax

updates = jnp.array(${updates})
rates = jnp.array(${rates})


def schedule(count):
    return jnp.interp(count, updates, rates)


optimizer = optax.sgd(schedule)`,
};
function inCode(dialect, points, scale) {
  return dialects[dialect](`[${points.map(([t]) => t).join(', ')}]`, `[${points.map(([, level]) => scale.rate(level)).join(', ')}]`);
}

// A schedule as a small picture.
function icon(points, {low, high}, steps) {
  const scale = scaleOf({low, high}), rates = fill(points, scale, steps), peak = Math.max(...rates);
  const path = Array.from({length: 41}, (_, i) => `${i + 1} ${(20 - 18 * rates[Math.round(i / 40 * (steps - 1))] / peak).toFixed(1)}`).join('L');
  return mark('svg', {viewBox: '0 0 42 22', width: 34, height: 18, 'aria-hidden': 'true'}, mark('path', {class: 'curve rate', d: `M${path}`}));
}

function render({model, el}) {
  const {title, fragment, steps, problems, patience} = model.get('content');
  const inLab = Boolean(el.closest('.jp-OutputArea'));  // there the address is JupyterLab's own
  const trouble = element('p', {class: 'quiet'}), best = keep('lrsched:draw', trouble);
  const games = problems.map(problem => {
    const scale = scaleOf(problem), presets = problem.presets.map(({title, code}) => ({title, points: decode(code, steps)}));
    const constant = fill(presets[0].points, scale, steps);
    return {scale, presets, tries: 0, past: [], points: presets[0].points, constant: losses(problem, constant), optimum: losses(problem, problem.best.rates)};
  });
  let at = 0, rates, points, ends, changed = false, frame = 0, timer, focus = -1, last, untouched = true;

  const pad = plot(232, steps), below = plot(148, steps, false), strip = standings();
  pad.svg.classList.add('pad');
  const area = mark('path', {class: 'area'}), curve = mark('path', {class: 'curve rate'}), edge = mark('g');
  const ghosts = [mark('path', {class: 'optimum rate'}), mark('path', {class: 'optimum loss'})];
  const lossCurve = mark('path', {class: 'curve loss'}), constant = mark('path', {class: 'other'}), constantName = mark('g'), end = mark('circle', {r: 4.5, class: 'end'});
  const dots = Array.from({length: HANDLES}, () => mark('circle', {r: 4.5, class: 'handle'})), ring = mark('circle', {r: 9, class: 'focus'});
  const invitation = mark('g');
  pad.inside.append(area, edge, ghosts[0], curve);
  pad.front.append(invitation, ...dots, ring);
  below.inside.append(constant, constantName, ghosts[1], lossCurve);
  below.front.append(end);

  const updateOf = i => Math.round(i * (steps - 1) / (HANDLES - 1));
  const hint = element('p', {class: 'heard', id: uniqueId()}, 'Up and down change the rate here, left and right go to the next handle.');
  const sliders = dots.map((_, i) => element('input', {
    type: 'range', min: 0, max: NOTCHES, tabindex: i ? -1 : 0, 'aria-orientation': 'vertical', 'aria-label': `Rate at update ${updateOf(i)}`,
    focus() { focus = i; sliders.forEach((slider, j) => { slider.tabIndex = i === j ? 0 : -1; }); queue(); },
    blur() { focus = -1; queue(); },
    input: event => press(i, event.target.value - notch(i)),
    keydown: event => key(event, i),
  }));
  const surface = element('div', {class: 'surface', pointerdown: down, pointermove: move, pointerup: up, pointercancel: up});
  const handles = element('div', {class: 'handles', role: 'group', 'aria-label': 'The drawing', 'aria-describedby': hint.id}, ...sliders);
  const note = element('p', {role: 'status', class: 'quiet'}), question = element('p', {class: 'question'});
  const quantity = element('span'), origin = element('span'), endText = element('b');
  const badge = element('div'), headline = element('strong'), detail = element('p', {class: 'quiet'}), heard = element('p', {role: 'status', class: 'heard'});
  const picker = pills('Problem', problems.map(problem => problem.name), i => pick(i));
  const presets = element('div', {class: 'bar presets', role: 'group', 'aria-label': 'Start from a schedule'});
  const undo = element('button', {type: 'button', click() { show(decode(games[at].past.pop(), steps)); say(); }}, 'Undo');
  const reverse = element('button', {type: 'button', click() { begin(); rates.reverse(); finish(); }}, 'Reverse');
  const copy = element('button', {type: 'button', async click() {
    try { await navigator.clipboard.writeText(address()); note.textContent = 'The link to this drawing is copied.'; } catch { note.textContent = `The link to this drawing: ${address()}`; }
  }}, 'Copy link');
  const code = element('code'), names = Object.keys(dialects);
  let dialect = names[0];
  const library = pills('Library', names, i => { dialect = names[i]; write(); });
  const details = element('details', {toggle: write}, element('summary', {}, 'This schedule in code'), library.group, element('pre', {tabindex: 0, role: 'region', 'aria-label': 'Code'}, code));
  const host = element('div', {}, picker.group, question, note,
    element('div', {class: 'panel'}, element('p', {}, element('span', {}, 'learning rate'), origin), element('div', {class: 'picture'}, pad.svg, handles, surface)),
    element('div', {class: 'panel'}, element('p', {}, quantity, endText), below.svg),
    element('div', {class: 'result'}, badge, element('div', {}, headline, detail)), strip.svg, presets,
    element('div', {class: 'bar'}, undo, reverse, ...inLab ? [] : [copy]), details, trouble, hint, heard);
  widget(el, title, css, host);

  function losses(problem, rates) { return models[problem.model](problem.parameters, rates); }
  function say() { heard.textContent = `${headline.textContent} ${detail.textContent}`; }

  // A stroke of the pointer: straight in the picture from where it was to where it is.
  function stroke(event) {
    const box = pad.svg.getBoundingClientRect(), value = pad.value(event.clientY - box.top);
    const t = Math.min(steps - 1, Math.round(pad.time(event.clientX - box.left))), [from, before] = last ?? [t, value];
    for (let s = Math.min(from, t); s <= Math.max(from, t); s++) rates[s] = t === from ? value : before * (value / before) ** ((s - from) / (t - from));
    last = [t, value];
  }
  function down(event) {
    if (event.button) return;
    event.preventDefault();
    surface.setPointerCapture(event.pointerId);
    begin();
    stroke(event);
    queue();
  }
  function move(event) {
    if (!last) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) stroke(move);
    queue();
  }
  function up() {
    if (!last) return;
    last = undefined;
    finish();
  }

  function key(event, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = {ArrowLeft: i - 1, ArrowRight: i + 1}[event.key];
    const by = {ArrowUp: 3, ArrowDown: -3, PageUp: 20, PageDown: -20, Home: -NOTCHES, End: NOTCHES}[event.key];
    if (to === undefined && by === undefined) return;
    event.preventDefault();
    if (by) press(i, by); else sliders[to]?.focus();
  }
  // A handle lifts the curve like a tent, so that what was drawn between the handles stays.
  function press(i, by) {
    begin();
    const {low, high} = problems[at], apart = (steps - 1) / (HANDLES - 1);
    for (let t = 0; t < steps; t++) {
      const share = Math.max(0, 1 - Math.abs(t - updateOf(i)) / apart);
      rates[t] = Math.min(high, Math.max(low, rates[t] * (high / low) ** (share * by / NOTCHES)));
    }
    queue();
    timer = setTimeout(finish, REST);
  }
  function notch(i) { return Math.round(NOTCHES * games[at].scale.level(rates[updateOf(i)]) / (LEVELS - 1)); }

  // From the first change of a try to its end.
  function begin() {
    clearTimeout(timer);
    note.textContent = origin.textContent = '';
    invitation.replaceChildren();
    untouched = false;
    if (!changed) games[at].past.push(encode(points));
    changed = true;
  }
  function finish(isTry = true) {
    const game = games[at], {key} = problems[at];
    if (isTry) game.tries++;
    show(simplify(rates, game.scale));
    if (isTry && !(best.things[key] <= ends) && ends < Infinity) {
      best.things[key] = Number(ends.toPrecision(6));
      best.save();
      draw();
    }
    say();
  }
  function show(drawing) {
    clearTimeout(timer);
    changed = false;
    origin.textContent = '';
    points = games[at].points = drawing;
    rates = fill(points, games[at].scale, steps);
    draw();
    write();
    share();
  }
  function address() { return `${location.href.split('#')[0]}#${fragment}=${problems[at].key}.${encode(points)}`; }
  function share() {
    if (inLab) return;
    try { history.replaceState(history.state, '', address()); } catch {}  // WebKit allows a hundred in ten seconds
  }

  function queue() { frame ||= requestAnimationFrame(() => { frame = 0; draw(); }); }
  function draw() {
    const problem = problems[at], game = games[at], values = losses(problem, rates), path = pad.path(rates);
    ends = values.at(-1);
    curve.setAttribute('d', path);
    area.setAttribute('d', `${path}V${pad.floor}H${pad.x(0)}Z`);
    lossCurve.setAttribute('d', below.path(values));
    end.setAttribute('cx', below.x(steps));
    end.setAttribute('cy', below.y(ends));
    dots.forEach((dot, i) => {
      const rate = rates[updateOf(i)];
      dot.setAttribute('cx', pad.x(updateOf(i)));
      dot.setAttribute('cy', pad.y(rate));
      if (last) return;  // what is read out can wait for the end of a stroke
      sliders[i].value = notch(i);
      sliders[i].setAttribute('aria-valuetext', `${valueText(rate)}, final ${problem.quantity} ${valueText(ends)}`);
    });
    ring.setAttribute('visibility', focus < 0 ? 'hidden' : 'visible');
    for (const name of focus < 0 ? [] : ['cx', 'cy']) ring.setAttribute(name, dots[focus].getAttribute(name));

    const shows = game.tries >= patience, more = patience - game.tries, metal = metalOf(ends, problem.goals), ratio = ends / problem.best.loss;
    for (const ghost of ghosts) ghost.setAttribute('visibility', shows ? 'visible' : 'hidden');
    if (badge.dataset.metal !== String(metal)) { badge.dataset.metal = metal; badge.replaceChildren(medal(metal)); }
    endText.textContent = `ends ${ends < 1e6 ? 'at ' : ''}${valueText(ends)}`;
    headline.textContent = !(ends < 1e6) ? 'The loss explodes.' : `${ratio < .9995 ? 'Better than' : ratio < 1.0005 ? 'As good as' : `Ends at ${timesText(ratio)}`} ${problem.best.phrase}.`;
    const record = best.things[problem.key], itself = capital(problem.best.phrase);
    detail.textContent = `${goalText(metal, problem.goals)}${record ? ` Your best: ${valueText(record)}.` : ''} `
      + (shows ? `Dashed: ${problem.best.phrase}.` : `${itself} shows itself after ${more} ${game.tries ? 'more ' : ''}${more === 1 ? 'try' : 'tries'}.`);
    undo.disabled = !game.past.length;
    strip.place(ends);
  }
  function write() { if (details.open) code.textContent = inCode(dialect, points, games[at].scale); }

  // What does not change while one draws.
  function stage() {
    const width = Math.max(280, host.clientWidth), problem = problems[at], game = games[at], right = {'text-anchor': 'end'};
    pad.stage(width, problem.low, problem.high);
    below.stage(width, ...problem.limits);
    strip.stage(width, problem.rivals, problem.best.loss, problem.best.name);
    ghosts[0].setAttribute('d', pad.path(problem.best.rates));
    ghosts[1].setAttribute('d', below.path(game.optimum));
    constant.setAttribute('d', below.path(game.constant));
    constantName.replaceChildren(label(below.x(.7 * steps), below.y(game.constant[.7 * steps]) - 6, 'best constant', {'text-anchor': 'middle'}));
    invitation.replaceChildren(...untouched ? [label(pad.x(steps / 2), pad.floor - 24, 'Draw a curve here', {class: 'strong invitation', 'text-anchor': 'middle'})] : []);
    edge.replaceChildren();
    if (problem.edge) edge.append(mark('line', {class: 'limit', x1: pad.left, x2: width - pad.right, y1: pad.y(problem.edge), y2: pad.y(problem.edge)}),
      label(width - pad.right, pad.y(problem.edge) - 5, width < 480 ? 'a constant rate above diverges' : 'a constant rate above this line diverges', right));
    sliders.forEach((slider, i) => Object.assign(slider.style, {left: `${pad.x(updateOf(i)) - 14}px`, top: `${pad.top}px`, height: `${pad.floor - pad.top}px`}));
    Object.assign(surface.style, {left: `${pad.left - 8}px`, width: `${width - pad.left}px`, top: 0, height: `${pad.floor + 4}px`});
    draw();
  }
  function pick(i, drawing = games[i].points) {
    if (changed) finish();
    at = i;
    picker.set(i);
    const {presets: schedules, scale} = games[i];
    presets.replaceChildren(element('span', {class: 'quiet'}, 'Start from'), ...schedules.map(({title, points}) => {
      const button = element('button', {type: 'button', 'aria-label': title, title, click() {
        begin();
        rates = fill(points, scale, steps);
        finish(false);
        origin.textContent = `${title}, at its best peak`;
      }});
      button.append(icon(points, problems[i], steps));
      return button;
    }));
    question.textContent = problems[i].question;
    quantity.textContent = problems[i].quantity;
    note.textContent = origin.textContent = '';
    points = games[i].points = drawing;
    rates = fill(points, scale, steps);
    stage();
    write();
  }
  // The drawing that the address holds, if it is one.
  function open() {
    if (!location.hash.startsWith(`#${fragment}=`)) return;
    const [name, letters] = location.hash.slice(fragment.length + 2).split('.'), i = problems.findIndex(problem => problem.key === name);
    const drawing = i < 0 ? undefined : decode(letters, steps);
    if (drawing) { games[i].past.push(encode(games[i].points)); untouched = false; pick(i, drawing); } else note.textContent = 'The link holds no drawing that can be read, so here is the start.';
  }

  pick(0);
  open();
  addEventListener('hashchange', open);
  const watch = new ResizeObserver(stage);
  watch.observe(host);
  return () => { removeEventListener('hashchange', open); watch.disconnect(); clearTimeout(timer); cancelAnimationFrame(frame); };
}

export default {render};
