// The best that is known of each problem of the pad or of each level of the cockpit, stored beside what defines them:
//
//     node tools/optima.mjs draw [key ...]        writes lrsched/course/play/draw.json
//
// What to look for is what `searches()` of lrsched/course/play/<name>.py returns, an object a key:
//   model, parameters  the formula in live.js, and what it takes
//   low, high          the rates that are allowed
//   shapes             schedules of peak 1 by their names; found are their best `peaks`
//   starts             schedules from which the best `rates` are looked for; with none there is nothing to look for
//   knots              look for so many points only, evenly in time, and straight lines (in the logarithm) between them
//   most, crash        what the loss on the way shall not pass: that of the best rates, and that of a shape

import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {live} from './live.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const models = await live(['live'], 'models');
const digits = rate => Number(rate.toPrecision(6));

// From a few numbers between 0 and 1 to all rates, in the logarithm.
function unfolded({low, high, knots, starts}, places) {
  const steps = starts[0].length, at = place => Math.log(low) + place * Math.log(high / low);
  return Array.from({length: steps}, (_, t) => {
    if (!knots) return Math.exp(at(places[t]));
    const where = t / (steps - 1) * (knots - 1), i = Math.min(knots - 2, Math.floor(where));
    return Math.exp(at(places[i]) + (where - i) * (at(places[i + 1]) - at(places[i])));
  });
}
function folded({low, high, knots}, rates) {
  const steps = rates.length, count = knots ?? steps;
  return Array.from({length: count}, (_, i) => Math.log(rates[Math.round(i / (count - 1) * (steps - 1))] / low) / Math.log(high / low));
}

// The logarithm of the last loss, and what it costs to pass `most` on the way.
function cost({model, parameters, most}, rates) {
  const losses = models[model](parameters, rates), weight = 20;
  const excess = most ? losses.map(loss => Math.max(0, Math.log(loss / most))) : [];
  return Math.log(losses.at(-1)) + weight * excess.reduce((sum, over) => sum + over ** 2, 0);
}

// L-BFGS without limits: a number of the whole line stands for one between 0 and 1. The gradient is made of differences,
// so that each formula stands once, in live.js.
function minimum(search, start, {most = 3000, memory = 30, step = 1e-5} = {}) {
  const squash = z => 1 / (1 + Math.exp(-z)), f = z => cost(search, unfolded(search, z.map(squash)));
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const slopes = z => z.map((x, i) => {
    const moved = [...z];
    moved[i] = x + step;
    const up = f(moved);
    moved[i] = x - step;
    return (up - f(moved)) / (2 * step);
  });
  let z = folded(search, start).map(place => Math.min(.998, Math.max(.002, place))).map(place => Math.log(place / (1 - place)));
  let value = f(z), gradient = slopes(z), pairs = [], flat = 0;
  for (let turn = 0; turn < most && flat < 4; turn++) {
    let way = [...gradient];
    const shares = [];
    for (const {s, y, r} of [...pairs].reverse()) {
      const share = dot(s, way) * r;
      shares.push(share);
      way = way.map((x, i) => x - share * y[i]);
    }
    const {s, y} = pairs.at(-1) ?? {}, scale = s ? dot(s, y) / dot(y, y) : 1 / Math.max(1, Math.sqrt(dot(gradient, gradient)));
    way = way.map(x => x * scale);
    pairs.forEach(({s, y, r}, i) => { const back = r * dot(y, way); way = way.map((x, j) => x + s[j] * (shares.at(-1 - i) - back)); });
    const slope = -dot(gradient, way);
    let length = 1, next, found = false;
    for (let tries = 0; tries < 16 && slope < 0 && !found; tries++, length /= 2.5) {
      next = z.map((x, i) => x - length * way[i]);
      found = f(next) <= value + 1e-4 * length * slope;
    }
    if (!found) {
      if (!pairs.length) break;
      pairs = [];
      continue;
    }
    const gradientThere = slopes(next), difference = {s: next.map((x, i) => x - z[i]), y: gradientThere.map((x, i) => x - gradient[i])};
    const along = dot(difference.s, difference.y);
    if (along > 1e-12 * Math.sqrt(dot(difference.s, difference.s) * dot(difference.y, difference.y))) pairs.push({...difference, r: 1 / along});
    if (pairs.length > memory) pairs.shift();
    flat = value - f(next) < 1e-12 ? flat + 1 : 0;
    [z, value, gradient] = [next, f(next), gradientThere];
  }
  return {value, places: z.map(squash)};
}

// As long as moving one of the numbers by 1 % of a rate costs less, it is moved.
function polished(search, places) {
  const by = Math.log(1.01) / Math.log(search.high / search.low), value = places => cost(search, unfolded(search, places));
  let best = value(places), before;
  do {
    before = best;
    for (let i = 0; i < places.length; i++) for (const step of [by, -by]) {
      const moved = [...places];
      moved[i] = Math.min(1, Math.max(0, places[i] + step));
      if (value(moved) < best) [places, best] = [moved, value(moved)];
    }
  } while (best < before);
  return unfolded(search, places);
}

// The best of a grid of peaks, thrice refined around it.
function bestPeak(search, shape) {
  const value = peak => { const end = cost({...search, most: search.crash}, shape.map(rate => peak * rate)); return Number.isNaN(end) ? Infinity : end; };
  let [low, high] = [search.low, 10 * search.high], best;
  for (let round = 0; round < 4; round++) {
    const peaks = Array.from({length: 161}, (_, i) => low * (high / low) ** (i / 160)), values = peaks.map(value);
    const at = values.indexOf(Math.min(...values));
    [low, best, high] = [peaks[Math.max(0, at - 1)], peaks[at], peaks[Math.min(160, at + 1)]];
  }
  return best;
}

const [name, ...keys] = process.argv.slice(2), file = `${root}lrsched/course/play/${name}.json`;
const program = `import json; from lrsched.course.play.${name} import searches; print(json.dumps(searches()))`;
const searches = JSON.parse(execFileSync('python', ['-c', program], {cwd: root, maxBuffer: 1e9}));
const results = keys.length ? JSON.parse(readFileSync(file, 'utf8')) : {};
for (const [key, search] of Object.entries(searches).filter(([key]) => !keys.length || keys.includes(key))) {
  results[key] = {peaks: Object.fromEntries(Object.entries(search.shapes).map(([shape, rates]) => [shape, digits(bestPeak(search, rates))]))};
  const ends = search.starts.map(start => minimum(search, start)).sort((a, b) => a.value - b.value);
  if (ends.length) results[key].rates = polished(search, ends[0].places).map(digits);
  if (ends.length) results[key].loss = digits(Math.exp(cost({...search, most: undefined}, results[key].rates)));
  console.error(key, results[key].peaks, 'from each start:', ...ends.map(({value}) => Math.exp(value).toPrecision(6)));
}
const text = JSON.stringify(results, null, 1).replace(/\[[^\]]*\]/g, list => list.replace(/\s+/g, ' ').replaceAll('[ ', '[').replaceAll(' ]', ']'));
writeFileSync(file, `${text}\n`);
