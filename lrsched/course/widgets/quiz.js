// Asks the questions in their order; each has its own button that checks it. What was checked is kept.

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
    const {key, kind, options} = question;
    const id = `lrsched-${name}-${key}`;
    const inputs = kind === 'number'
      ? [element('input', {type: 'text', inputmode: 'decimal', autocomplete: 'off', 'aria-label': 'Your number'})]
      : options.map((_, i) => element('input', {type: kind === 'one' ? 'radio' : 'checkbox', name: id, value: i}));
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

    function answer() { return kind === 'number' ? inputs[0].value.trim() : inputs.flatMap((input, i) => input.checked ? [i] : []); }

    function judge(given) {
      if (kind === 'number') {
        const number = Number(given.replace(',', '.'));
        if (given === '' || Number.isNaN(number)) return say(undefined, 'Write a number, such as 0.05.');
        const option = options.find(o => o.low === undefined || o.low <= number && number <= o.high);
        return say(Boolean(option.right), option.feedback);
      }
      if (!given.length) return say(undefined, 'Choose an answer first.');
      if (kind === 'one') return say(Boolean(options[given[0]].right), options[given[0]].feedback);
      const good = options.map((o, i) => Boolean(o.right) === given.includes(i));
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
      else inputs.forEach((input, i) => { input.checked = given.includes(i); });
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
