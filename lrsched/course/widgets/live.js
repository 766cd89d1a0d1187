// What the pad and the cockpit share, after shared.js: the models, plots in pixels, medals, standings, pills.

// The models: what a schedule does to a problem, exactly. Each returns the loss before each update and after the last.
const models = {
  // Second moments of SGD: directions of their own curvature, noise in the gradients, a lowest point that drifts.
  moments(problem, rates) {
    const {start, noise, drift = 0} = problem, moments = start.map(weight => weight ** 2), losses = [];
    let travel = 0;
    for (let t = 0; ; t++) {
      const c = curvatures(problem, t, rates.length, travel);
      let loss = 0;
      for (let i = 0; i < c.length; i++) loss += c[i] * moments[i] / 2;
      losses.push(loss);
      if (t === rates.length) return losses;
      const rate = rates[t], more = (rate * noise) ** 2 + drift ** 2;
      for (let i = 0; i < c.length; i++) moments[i] = (1 - rate * c[i]) ** 2 * moments[i] + more;
      travel += rate;
    }
  },
  // The largest share of the loss that is left, over all of a grid of curvatures, without noise.
  worst({grid}, rates) {
    const left = grid.map(() => 1), losses = [1];
    for (const rate of rates) {
      let worst = 0;
      for (let i = 0; i < left.length; i++) {
        left[i] *= (1 - rate * grid[i]) ** 2;
        if (left[i] > worst) worst = left[i];
      }
      losses.push(worst);
    }
    return losses;
  },
  // The bound of convex theory on the loss of the last weights; none before the first update. Sums from the back: what
  // is subtracted from nearly the same loses digits.
  bound({distance, gradient}, rates) {
    const bounds = [NaN];
    let sum = 0;
    for (let t = 0; t < rates.length; t++) {
      sum += rates[t];
      let noise = rates[t], after = 0;
      for (let k = t - 1; k >= 0; k--) {
        after += rates[k + 1];
        noise += rates[k] ** 2 / after;
      }
      bounds.push(distance ** 2 / (2 * sum) + gradient ** 2 * noise / 2);
    }
    return bounds;
  },
};

// Curvatures that turn, in their logarithms, from `begin` to `end`: with the time, or (`scale`: how far) with the travel,
// the sum of the rates. Without `begin` they stay.
function curvatures({begin, end, scale}, t, steps, travel) {
  if (!begin) return end;
  const left = scale ? Math.exp(-travel / scale) : 1 - t / steps;
  return end.map((c, i) => c * (begin[i] / c) ** left);
}

// Numbers as text: at an axis, of a loss or rate, and as "1.2 times".
const exponential = (x, digits) => x.toExponential(digits).replace('e+', 'e').replace('e-', 'e−');
const tickText = x => x >= 1e5 || x < 1e-4 ? exponential(x, 0) : String(Number(x.toPrecision(3)));
const valueText = x => !(x < 1e6) ? 'beyond all bounds' : x < 1e-4 ? exponential(x, 2) : x.toPrecision(3);
const words = new Intl.NumberFormat('en', {notation: 'compact', compactDisplay: 'long', maximumSignificantDigits: 2});
function timesText(x) {
  const number = x >= 1e4 ? words.format(x) : x >= 100 ? Math.round(x) : x >= 1.995 ? x.toPrecision(2) : x.toFixed(x < 1.1 ? 3 : 2);
  return `${number} times`;
}

function set(node, settings) { for (const [name, value] of Object.entries(settings)) node.setAttribute(name, value); }
function mark(tag, settings = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  set(node, settings);
  node.append(...children);
  return node;
}
const label = (x, y, text, settings = {}) => mark('text', {x, y, ...settings}, text);
const uniqueId = () => `lrsched-${Math.random().toString(36).slice(2)}`;

// A panel as wide as its place: one logarithmic axis upwards, updates to the right. What goes into `inside` is cut at the
// panel's edges, `front` is not. `stage` gives it a width and, if they change, the limits of its axis.
function plot(height, steps, ticks = true) {
  const left = 46, right = 10, top = 8, floor = height - (ticks ? 20 : 6), id = uniqueId();
  const svg = mark('svg', {'aria-hidden': 'true', height, width: '100%'});
  const clip = mark('rect'), back = mark('g'), inside = mark('g', {'clip-path': `url(#${id})`}), front = mark('g');
  svg.append(mark('defs', {}, mark('clipPath', {id}, clip)), back, inside, front);
  let width, low, high;
  const depth = value => Math.log(high / Math.max(value, 1e-300)) / Math.log(high / low);
  const place = (value, above, below) => top + (floor - top) * Math.max(above, Math.min(below, depth(value)));
  const within = share => Math.min(1, Math.max(0, share));
  const x = t => left + (width - left - right) * t / steps, y = value => place(value, 0, 1);
  return {
    svg, inside, front, left, right, top, floor, x, y,
    value: y => high * (low / high) ** within((y - top) / (floor - top)),
    time: x => steps * within((x - left) / (width - left - right)),
    path(values) {
      let path = '', pen = 'M';
      values.forEach((value, t) => {
        if (Number.isNaN(value)) return;
        path += `${pen}${x(t).toFixed(1)} ${place(value, -1, 2).toFixed(1)}`;
        pen = 'L';
      });
      return path;
    },
    stage(newWidth, newLow = low, newHigh = high) {
      [width, low, high] = [newWidth, newLow, newHigh];
      svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
      set(clip, {x: left - 2, y: top - 2, width: Math.max(0, width - left - right + 6), height: floor - top + 4});
      const decades = Math.log10(high / low), apart = decades > 7 ? 3 : decades > 5 ? 2 : 1, values = [];
      for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1e-9; power++)
        for (const digit of decades < 2.2 ? [1, 2, 5] : [1])
          if (power % apart === 0 && digit * 10 ** power >= low * (1 - 1e-9) && digit * 10 ** power <= high * (1 + 1e-9)) values.push(digit * 10 ** power);
      back.replaceChildren(...values.flatMap(value => [
        mark('line', {class: 'grid', x1: left, x2: width - right, y1: y(value), y2: y(value)}),
        label(left - 7, y(value) + 4, tickText(value), {'text-anchor': 'end'})]));
      for (let t = 0; ticks && t <= steps; t += 50)
        back.append(label(x(t), height - 3, String(t), {'text-anchor': t === 0 ? 'start' : t === steps ? 'end' : 'middle'}));
    },
  };
}

// A medal has one, two or three dots, so that colour is not all that tells them from each other. `goals` holds the loss
// that each asks for, and whose it is: {bronze: {loss, of}, ...}.
const capital = text => text[0].toUpperCase() + text.slice(1);
const metals = ['bronze', 'silver', 'gold'];
const metalOf = (loss, goals) => metals.findLast(metal => loss <= goals[metal].loss);
function goalText(metal, goals) {
  const next = metals[metals.indexOf(metal) + 1];
  return (metal ? `${capital(metal)}. ` : '') + (next ? `${capital(next)}: below ${valueText(goals[next].loss)}${goals[next].of && ` (${goals[next].of})`}.` : '');
}
function medal(metal) {
  const count = metals.indexOf(metal) + 1, fill = 'var(--metal)';
  const svg = mark('svg', {viewBox: '0 0 40 46', width: 40, height: 46, class: `medal ${metal ?? ''}`, 'aria-hidden': 'true'});
  if (!metal) svg.append(mark('circle', {cx: 20, cy: 27, r: 16, fill: 'none', stroke: fill, 'stroke-width': 2, 'stroke-dasharray': '3 4'}));
  else svg.append(mark('path', {d: 'M11 0h7l3 12h-6zM29 0h-7l-3 12h6z', fill, opacity: .55}), mark('circle', {cx: 20, cy: 27, r: 17, fill}), mark('circle', {cx: 20, cy: 27, r: 12, fill: 'none', stroke: 'var(--paper)', opacity: .7}));
  for (let i = 0; i < count; i++) svg.append(mark('circle', {cx: 20 + (i - (count - 1) / 2) * 8, cy: 27, r: 2.6, fill: 'var(--paper)'}));
  return svg;
}

// Where a loss stands among others, [{name, loss}], on a logarithmic line from the optimum to beyond the worst.
function standings() {
  const svg = mark('svg', {class: 'standings', role: 'img', width: '100%', height: 70}), row = mark('g');
  const dot = mark('circle', {cy: 26, r: 7, fill: 'var(--loss)', stroke: 'var(--paper)', 'stroke-width': 2}), name = label(0, 12, 'you', {'text-anchor': 'middle', class: 'strong'});
  const you = mark('g', {}, dot, name);
  svg.append(row, you);
  let x, width, heard;
  return {
    svg,
    stage(newWidth, rivals, optimum, best = 'optimum') {
      width = newWidth;
      const all = [{name: best, loss: optimum}, ...rivals].sort((a, b) => a.loss - b.loss);
      heard = `Standings: ${all.map(rival => `${rival.name} ${valueText(rival.loss)}`).join(', ')}`;
      const worst = Math.max(...rivals.map(rival => rival.loss)), end = Math.log(worst / optimum) * 1.35;
      x = loss => 12 + (width - 60) * Math.min(1.06, Math.max(0, Math.log(loss / optimum) / end));
      svg.setAttribute('viewBox', `0 -4 ${width} 70`);
      row.replaceChildren(mark('line', {x1: 12, x2: width - 30, y1: 26, y2: 26, stroke: 'var(--line)', 'stroke-width': 2, 'stroke-linecap': 'round'}));
      const ends = [-Infinity, -Infinity];  // of the two rows of names; a name without room is left out
      for (const rival of all) {
        const at = x(rival.loss), first = rival.loss === optimum, size = rival.name.length * (first ? 7.9 : 7);
        row.append(mark('line', {x1: at, x2: at, y1: 20, y2: 32, stroke: first ? 'var(--text)' : 'var(--other)', 'stroke-width': 2}));
        const start = Math.max(2, first ? at - 8 : at - size / 2), line = ends.findIndex(end => start > end + 8);
        if (line < 0) continue;
        ends[line] = start + size;
        row.append(label(start, 46 + 15 * line, rival.name, first ? {class: 'strong'} : {}));
      }
    },
    place(loss) {
      svg.setAttribute('aria-label', loss === undefined ? heard : `${heard}; you ${valueText(loss)}`);
      you.setAttribute('visibility', loss === undefined ? 'hidden' : 'visible');
      if (loss === undefined) return;
      const at = x(loss);
      dot.setAttribute('cx', at);
      name.setAttribute('x', Math.min(Math.max(at, 14), width - 20));
      name.textContent = at > width - 48 ? 'you →' : 'you';
    },
  };
}

// One of a few names to choose by: `choose(i)` hears of it, `set(i)` makes the choice from outside.
function pills(legend, names, choose) {
  const name = uniqueId(), inputs = names.map((_, i) => element('input', {type: 'radio', name, checked: i === 0, change: () => choose(i)}));
  const group = element('fieldset', {class: 'pills'}, element('legend', {class: 'heard'}, legend),
    ...names.map((text, i) => element('label', {}, inputs[i], element('span', {}, text))));
  return {group, set(i) { inputs[i].checked = true; }};
}
