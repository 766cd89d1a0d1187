// Asks the questions in their order, and the options of each in an order of the reader's own; each has its own button
// that checks it. What was checked is kept, by the options themselves and not by their places.

function render({model, el}) {
  const {title, name, questions} = model.get('content');
  const trouble = element('p', {role: 'status', class: 'quiet'});
  const kept = keep(`lrsched:quiz:${name}`, trouble);
  const results = questions.map(() => undefined);  // true, false, or not yet checked
  const asked = questions.map(ask);
  const score = element('p', {role: 'status'});
  const again = element('button', {type: 'button', click: restart}, 'Start again');
  widget(el, title, css, ...asked.map(a => a.form), element('div', {class: 'foot'}, score, again), trouble);
  asked.forEach(a => a.restore());
  count();

  function ask(question, at) {
    const {key, kind} = question;
    const options = kind === 'number' ? question.options : shuffled(question.options, key);
    const id = `lrsched-${name}-${key}`;
    const inputs = kind === 'number'
      ? [element('input', {type: 'text', inputmode: 'decimal', autocomplete: 'off', 'aria-label': 'Your number'})]
      : options.map(o => element('input', {type: kind === 'one' ? 'radio' : 'checkbox', name: id, value: o.id}));
    const rows = kind === 'number' ? inputs : inputs.map((input, i) =>
      element('label', {class: 'choice'}, input, element('span', {html: options[i].text})));
    const verdict = element('div', {role: 'status', class: 'verdict'});
    const form = element('form', {submit: event => { event.preventDefault(); check(); }},
      element('fieldset', {input: forget},
        element('legend', {html: `${at + 1}. ${question.text}`}), element('div', {html: question.figure}),
        ...rows, element('button', {type: 'submit', 'aria-label': `Check question ${at + 1}`}, 'Check'), verdict));

    function say(result, html) {
      results[at] = result;
      verdict.className = `verdict ${result === undefined ? '' : result ? 'right' : 'wrong'}`;
      verdict.innerHTML = (result === undefined ? '' : result ? '<strong>Right.</strong> ' : '<strong>Not yet.</strong> ') + html;
    }
    function forget() { if (results[at] !== undefined) { say(undefined, ''); count(); } }

    function answer() { return kind === 'number' ? inputs[0].value.trim() : options.filter((_, i) => inputs[i].checked).map(o => o.id); }

    function judge(given) {
      if (kind === 'number') {
        const number = numberIn(given);
        if (Number.isNaN(number)) return say(undefined, 'Write a number, such as 0.05 or 1000.');
        const option = options.find(o => o.low === undefined || o.low <= number && number <= o.high);
        return say(Boolean(option.right), option.feedback);
      }
      if (!given.length) return say(undefined, 'Choose an answer first.');
      if (kind === 'one') { const [chosen] = options.filter(o => o.id === given[0]); return say(Boolean(chosen.right), chosen.feedback); }
      const good = options.map(o => Boolean(o.right) === given.includes(o.id));
      const lines = options.map((o, i) => `<li><strong>${good[i] ? 'Well judged' : 'Look again'}:</strong> <em>${o.text}</em> ${o.feedback}</li>`);
      say(good.every(Boolean), `<ul>${lines.join('')}</ul>`);
    }

    function check() {
      judge(answer());
      if (results[at] !== undefined) { kept.things[key] = answer(); kept.save(); }
      count();
    }
    function restore() {
      const given = kept.things[key];
      if (kind === 'number' ? typeof given !== 'string' : !Array.isArray(given)) return;
      if (kind === 'number') inputs[0].value = given;
      else inputs.forEach((input, i) => { input.checked = given.includes(options[i].id); });
      if (answer().length) judge(answer());
    }
    return {form, restore, clear() { form.reset(); say(undefined, ''); }, focus() { inputs[0].focus(); }};
  }

  function count() {
    const right = results.filter(result => result).length, open = results.filter(result => result === undefined).length;
    const again = [...new Set(questions.filter((_, i) => results[i] === false).map(question => question.section))];
    score.replaceChildren(`${right} of ${questions.length} right`, open && open < questions.length ? `, ${open} to go` : '');
    again.forEach((section, i) => score.append(i ? ', ' : '; read again: ', linkTo(section)));
    if (right === questions.length) done(name, {quiz: true});
  }

  function restart() {
    for (const key of Object.keys(kept.things)) delete kept.things[key];
    kept.save();
    asked.forEach(a => a.clear());
    count();
    asked[0].focus();
  }
}

// What somebody means by "0,05", "1,000", "1 000" or "−1": a comma parts thousands where groups of three digits follow.
function numberIn(text) {
  const plain = text.replace(/\u2212/g, '-').replace(/(\d)[\s_']+(?=\d)/g, '$1');
  if (plain === '') return NaN;
  return Number(/^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(plain) ? plain.replaceAll(',', '') : plain.replace(',', '.'));
}

// The options in an order that stays the same for this reader, or for this visit where the browser keeps nothing.
function shuffled(options, key) {
  const order = [...options];
  let state = parseInt(key, 16) ^ seed();
  for (let i = order.length - 1; i > 0; i--) {
    state = (state + 0x6d2b79f5) | 0;  // mulberry32
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const at = ((mixed ^ (mixed >>> 14)) >>> 0) % (i + 1);
    [order[i], order[at]] = [order[at], order[i]];
  }
  return order;
}

function seed() {
  globalThis.lrschedSeed ??= Math.floor(Math.random() * 2 ** 31);
  const name = 'lrsched:seed';
  try {
    if (localStorage.getItem(name) === null) localStorage.setItem(name, globalThis.lrschedSeed);
    const kept = parseInt(localStorage.getItem(name), 10);
    return Number.isNaN(kept) ? globalThis.lrschedSeed : kept;
  } catch { return globalThis.lrschedSeed; }
}

// A link to a heading of this page. JupyterLab gives headings other names than the book: they are found by their text.
function linkTo(section) {
  const slug = section.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
  return element('a', {href: `#${slug}`, click(event) {
    const heading = [...document.querySelectorAll('h1, h2, h3')].find(h => h.textContent.trim().startsWith(section));
    if (document.getElementById(slug) || !heading) return;
    event.preventDefault();
    heading.scrollIntoView();
  }}, section);
}

export default {render};
