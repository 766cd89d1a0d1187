// The cockpit: the reader holds the rate while the loss of a sampled run unrolls, and is scored by the exact expected loss.
// content.levels are the problems of live.js, each with its texts, its rivals and the best schedule found.
const turn = 10;  // updates
const notches = 240;  // of the lever
const rest = 1000;  // milliseconds after the end in which a press does nothing: a key too many must not hide the result

// Normal numbers from a seed of 1 or more: xorshift, and Box and Muller.
function normals(seed) {
  let state = Math.imul(seed, 0x9e3779b1), spare;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 16; i++) uniform();  // until neighbouring seeds have nothing more in common
  return () => {
    if (spare !== undefined) { const number = spare; spare = undefined; return number; }
    const radius = Math.sqrt(-2 * Math.log(uniform())), angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

// One run as it is seen: the weights themselves, with noise that a seed fixes. `models.moments` is its mean.
function flight(problem, steps, seed) {
  const {noise, drift = 0} = problem, normal = normals(seed), weights = [...problem.start];
  let travel = 0;
  const me = {t: 0, step(rate) {
    const c = curvatures(problem, me.t, steps, travel);
    for (let i = 0; i < weights.length; i++) weights[i] -= rate * (c[i] * weights[i] + noise * normal()) + (drift && drift * normal());
    travel += rate;
    me.t++;
    look();
  }};
  function look() {
    const c = curvatures(problem, me.t, steps, travel);
    me.loss = weights.reduce((sum, weight, i) => sum + c[i] * weight ** 2 / 2, 0);
  }
  look();
  return me;
}

// The rate above which the steepest direction grows, at each update; after a crash, had its rate been held to the end.
function edges(problem, rates, steps) {
  let travel = 0;
  return Array.from({length: steps}, (_, t) => {
    const edge = 2 / Math.max(...curvatures(problem, t, steps, travel));
    travel += rates[t] ?? rates.at(-1);
    return edge;
  });
}

function render({model, el}) {
  const {title, steps, seconds, low, high, crash, levels} = model.get('content');
  const trouble = element('p', {role: 'status', class: 'quiet'}), heard = element('p', {role: 'status', class: 'heard'});
  const kept = keep('lrsched:cockpit', trouble);
  let level = levels[0], phase = 'ready', run, rates, seen, notch, ended = 0, tries = 0;

  const panels = {loss: plot(190, steps, false), rate: plot(150, steps)};
  const layers = Object.fromEntries(Object.entries(panels).map(([idea, panel]) => {
    const layer = {
      unknown: mark('rect', {class: 'unknown'}), edge: mark('path', {class: 'curve limit edge'}), rival: mark('path', {class: 'other'}),
      best: mark('path', {class: `optimum ${idea}`}), seen: mark('path', {class: `curve ${idea}`}), mean: mark('path', {class: `curve ${idea}`}),
      head: mark('line', {class: 'limit'}), dot: mark('circle', {class: `dot ${idea}`, r: 5}),
    };
    const {head, dot, ...cut} = layer;
    panel.inside.append(...Object.values(cut));
    panel.front.append(head, dot);
    return [idea, layer];
  }));
  const crashLine = mark('line', {class: 'crash'}), crashText = label(0, 0, `crash: ${crash}`, {'text-anchor': 'end'});
  panels.loss.front.append(crashLine, crashText);
  const {top, floor, svg: dial} = panels.rate;
  dial.classList.add('dial');

  const picker = pills('Level', levels.map(one => one.name), i => choose(levels[i])), brief = element('p', {class: 'brief'});
  const lossNow = element('b'), rateNow = element('b'), clock = element('span', {class: 'quiet'});
  const lever = element('input', {type: 'range', class: 'lever', min: 0, max: notches, step: 1, 'aria-label': 'Learning rate', 'aria-orientation': 'vertical', input: () => hold(Number(lever.value)), keydown: byKey});
  const handle = element('div', {class: 'handle', style: `--top: ${top}px; --below: ${dial.getAttribute('height') - floor}px`}, lever, element('span'));
  const go = element('button', {type: 'button', class: 'main', click: press, keydown: event => { if (event.repeat) event.preventDefault(); }});
  const other = element('button', {type: 'button', click: () => phase === 'over' ? next() : reset()});
  const turns = element('input', {type: 'checkbox', checked: matchMedia('(prefers-reduced-motion: reduce)').matches, change: () => { pause(); draw(); }});
  const badge = element('div'), headline = element('strong'), detail = element('p', {class: 'quiet'}), strip = standings();
  const keys = element('p', {class: 'keys', 'aria-hidden': 'true'}), lesson = element('p', {class: 'lesson'});
  const stageOf = element('div', {class: 'stage'},
    element('p', {}, element('span', {}, 'loss, as you see it'), lossNow), element('div', {}, panels.loss.svg),
    element('p', {}, element('span', {}, 'learning rate, which you hold'), rateNow), element('div', {}, panels.rate.svg), handle, keys);
  const result = element('div', {class: 'result'}, badge, element('div', {}, headline, detail));
  const outcome = element('div', {class: 'outcome'},
    element('div', {class: 'bar'}, go, other, element('label', {class: 'turns'}, turns, 'turn by turn'), clock),
    result,
    element('p', {class: 'quiet ranks', 'aria-hidden': 'true'}, 'Lower losses stand further left'), strip.svg, lesson, trouble, heard);
  widget(el, title, css, picker.group, brief, stageOf, outcome).classList.add('cockpit', 'wide');

  const rateAt = at => low * (high / low) ** (at / notches);
  const notchAt = rate => Math.round(notches * Math.log(rate / low) / Math.log(high / low));
  const best = () => { const loss = kept.things[level.key]; return typeof loss === 'number' && loss > 0 ? loss : undefined; };
  const say = text => { heard.textContent = text; };

  // Time runs while the page is seen: `steps` updates in `seconds`.
  let frame = 0, before, owed;
  function tick(now) {
    frame = 0;
    if (phase !== 'running') return;
    owed += Math.min(100, now - (before ?? now)) * steps / (seconds * 1000);
    before = now;
    for (; owed >= 1 && phase === 'running'; owed--) step();
    draw();
    if (phase === 'running') frame = requestAnimationFrame(tick);
  }
  function step() {
    rates.push(rateAt(notch));
    run.step(rates.at(-1));
    seen.push(run.loss);
    if (!(run.loss <= crash) || run.t === steps) end();
  }
  function press() {
    if (phase === 'over') { if (performance.now() - ended > rest) reset(); return; }
    if (phase === 'ready') {
      headline.textContent = 'On the way.';
      detail.textContent = goalText(best() && metalOf(best(), level.goals), level.goals);
    }
    if (turns.checked) return takeTurn();
    if (phase === 'running') return pause();
    phase = 'running';
    before = undefined;
    frame ||= requestAnimationFrame(tick);
    lever.focus({preventScroll: true});
    draw();
    say('Running.');
  }
  function takeTurn() {
    const from = run.loss;
    phase = 'running';
    for (let i = 0; i < turn && phase === 'running'; i++) step();
    if (phase === 'running') {
      phase = 'paused';
      say(`Update ${run.t} of ${steps}: loss ${valueText(run.loss)}, was ${valueText(from)}. Rate ${valueText(rates.at(-1))}.`);
    }
    draw();
  }
  function pause() {
    if (phase !== 'running') return;
    phase = 'paused';
    draw();
    say(`Paused at update ${run.t}.`);
  }
  function hide() { if (document.hidden) pause(); }
  document.addEventListener('visibilitychange', hide);

  function byKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = {ArrowUp: 4, ArrowRight: 4, ArrowDown: -4, ArrowLeft: -4, PageUp: 24, PageDown: -24, Home: -notches, End: notches}[event.key];
    const presses = event.key === ' ' || event.key === 'Enter';
    if (!by && !presses) return;
    event.preventDefault();
    if (by) hold(notch + by);
    else if (!event.repeat) press();
  }
  function grab(event) {
    if (event.type === 'pointerdown') {
      event.preventDefault();
      event.currentTarget.setPointerCapture(event.pointerId);
      lever.focus({preventScroll: true});
    }
    if (event.currentTarget.hasPointerCapture(event.pointerId)) hold(notchAt(panels.rate.value(event.clientY - dial.getBoundingClientRect().top)));
  }
  for (const place of [dial, handle]) for (const name of ['pointerdown', 'pointermove']) place.addEventListener(name, grab);

  function hold(at) {
    grip(at);
    if (phase !== 'running') draw();
  }
  function grip(at) {
    notch = Math.min(notches, Math.max(0, at));
    lever.value = notch;
    lever.setAttribute('aria-valuetext', valueText(rateAt(notch)));
    handle.style.setProperty('--share', notch / notches);
  }

  function draw() {
    const over = phase === 'over', part = phase === 'running' ? Math.min(1, owed) : 0;
    for (const [idea, value] of [['loss', run.loss], ['rate', rateAt(notch)]]) {
      const panel = panels[idea], {unknown, head, dot} = layers[idea], x = panel.x(Math.min(steps, run.t + part)), ends = panel.x(over ? run.t : steps);
      set(unknown, {x, y: panel.top, width: Math.max(0, ends - x), height: panel.floor - panel.top});
      set(head, {x1: x, x2: x, y1: panel.top, y2: panel.floor, visibility: over ? 'hidden' : 'visible'});
      set(dot, {cx: x, cy: panel.y(value), visibility: over ? 'hidden' : 'visible'});
    }
    layers.loss.seen.setAttribute('d', panels.loss.path(seen));
    layers.rate.seen.setAttribute('d', panels.rate.path([...rates, over ? rates.at(-1) : rateAt(notch)]));
    lossNow.textContent = valueText(run.loss);
    rateNow.textContent = valueText(over ? rates.at(-1) : rateAt(notch));
    clock.textContent = `update ${run.t} of ${steps}`;
    go.textContent = over ? 'Once more' : turns.checked ? `${turn} updates` : {ready: 'Start', running: 'Pause', paused: 'Go on'}[phase];
    other.textContent = over ? 'Next level' : 'Start over';
    other.disabled = phase === 'ready';
  }

  // What was hidden: the edge that this run met, and at its end the run in the mean, the best by name and the best found.
  function replay() {
    const over = phase === 'over', whole = landed(), show = (node, panel, values) => set(node, {d: values ? panels[panel].path(values) : ''});
    layers.loss.seen.classList.toggle('seen', whole);
    show(layers.rate.edge, 'rate', over && edges(level, rates, steps));
    show(layers.loss.mean, 'loss', whole && models.moments(level, rates));
    for (const name of ['rival', 'best']) {
      show(layers.loss[name], 'loss', whole && models.moments(level, level[name].rates));
      show(layers.rate[name], 'rate', whole && level[name].rates);
    }
    const drawn = [['you', 'curve'], ...whole ? [['the run you saw', 'curve seen'], [`best ${level.rival.name}`, 'other'], ['best found', 'optimum']] : [], ['edge', 'curve limit edge']];
    keys.replaceChildren(...over ? drawn.map(([text, look]) => element('span', {}, keyOf(look), text)) : []);
  }
  function keyOf(look) {
    return mark('svg', {width: 22, height: 8}, mark('path', {d: 'M1 4h20', class: look}));
  }

  function end() {
    phase = 'over';
    ended = performance.now();
    if (!landed()) {
      badge.replaceChildren(medal());
      headline.textContent = `Crashed at update ${run.t}.`;
      detail.textContent = `The loss passed ${crash}. ${level.hint}`;
    } else {
      const score = standing(), metal = metalOf(score, level.goals), record = !(best() <= score);
      if (record) { kept.things[level.key] = Number(score.toPrecision(6)); kept.save(); }
      badge.replaceChildren(medal(metal));
      headline.textContent = score < level.best.loss ? 'Better than the best found.' : `${capital(timesText(score / level.best.loss))} the best found.`;
      detail.textContent = `Expected loss ${valueText(score)}. ${goalText(metal, level.goals)} ${record ? 'Your best so far.' : `Your best: ${valueText(best())}.`}`;
      lesson.textContent = level.lesson;
      lesson.hidden = false;
    }
    strip.place(standing());
    replay();
    result.scrollIntoView({block: 'nearest'});  // on a phone it lies below the screen
    say(`${headline.textContent} ${detail.textContent} ${landed() ? level.lesson : ''}`);
  }
  function landed() { return phase === 'over' && run.loss <= crash; }
  // What the standings show: the score of this run, none after a crash, the best so far at the start.
  function standing() {
    if (phase !== 'over') return best();
    return landed() ? models.moments(level, rates).at(-1) : undefined;
  }
  function reset() {
    if (run?.t) tries++;  // each try has noise of its own
    phase = 'ready';
    owed = 0;
    run = flight(level, steps, 1 + levels.indexOf(level) * 1000 + tries);
    rates = [];
    seen = [run.loss];
    lesson.hidden = true;
    badge.replaceChildren(medal(best() && metalOf(best(), level.goals)));
    headline.textContent = best() ? `Your best: ${valueText(best())}.` : 'Not flown yet.';
    detail.textContent = best() ? goalText(metalOf(best(), level.goals), level.goals) : `Bring the loss as low as you can by update ${steps}. Press Start, then move the rate: by lever, finger or arrow keys.`;
    grip(notchAt(level.first));
    stage();
  }
  function following() { return levels[(levels.indexOf(level) + 1) % levels.length]; }
  function next() {
    picker.set(levels.indexOf(following()));
    choose(following());
    go.focus();
  }
  function choose(one) {
    level = one;
    brief.textContent = level.brief;
    reset();
    say(`${level.name}. ${level.brief}`);
  }

  function stage() {
    const width = panels.loss.svg.parentNode.clientWidth, {loss, rate} = panels;
    loss.stage(width, ...level.axis);
    rate.stage(width, low, high);
    set(crashLine, {x1: loss.left, x2: loss.x(steps), y1: loss.y(crash), y2: loss.y(crash)});
    set(crashText, {x: loss.x(steps), y: loss.y(crash) + 14});
    strip.stage(outcome.clientWidth, level.rivals, level.best.loss, 'best found');
    strip.place(standing());
    replay();
    draw();
  }
  brief.textContent = level.brief;
  reset();
  const watch = new ResizeObserver(stage);
  watch.observe(outcome);
  return () => {
    phase = 'over';
    watch.disconnect();
    document.removeEventListener('visibilitychange', hide);
    cancelAnimationFrame(frame);
  };
}

export default {render};
