// The first frame is in the page: this makes its answers buttons that reply, complete the picture, and are kept.
function render({model, el}) {
  const {name, html, answers, base, frames, sentences, leads} = model.get('content');
  let root = firstFrame(el);
  if (root) el.append(root); else { el.innerHTML = html; root = el.firstElementChild; }
  root.classList.remove('first-frame');
  suppressShortcuts(root);

  const figure = root.querySelector('figure'), buttons = [...root.querySelectorAll('.answer')];
  const reply = root.querySelector('.reply [role=status]'), invitation = reply.innerHTML;
  const trouble = element('p', {role: 'status', class: 'quiet'});
  root.querySelector('.reply').after(trouble);
  const kept = keep(`lrsched:bet:${name}`, trouble);
  buttons.forEach((button, i) => button.addEventListener('click', () => { if (!placed()) place(i, true); }));
  const again = element('button', {type: 'button', class: 'again', click: withdraw}, 'Bet again');
  const placed = () => buttons.some(button => button.ariaPressed === 'true');

  function draw(complete) {
    if (!figure) return;
    figure.innerHTML = base;
    const svg = figure.querySelector('svg');
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', sentences[complete]);
    svg.querySelectorAll('[data-axes]').forEach((axes, i) => {
      const before = axes.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'g'));
      before.toggleAttribute('data-new', Boolean(complete));
      before.innerHTML = frames[complete][i];
    });
  }

  function place(i, byHand) {
    root.classList.toggle('completing', byHand);
    draw(1);
    buttons.forEach((button, j) => {
      button.ariaPressed = String(i === j);
      button.setAttribute('aria-disabled', 'true');
      button.classList.toggle('right', answers[j].right);
    });
    reply.innerHTML = `${answers[i].reply} `;
    reply.append(again);
    kept.things.answer = answers[i].text;
    if (!byHand) return;
    kept.save();
    done(name, {bet: true});
    if (leads) follow(leads);
  }

  function withdraw() {
    root.classList.remove('completing');
    draw(0);
    buttons.forEach(button => { button.ariaPressed = 'false'; button.removeAttribute('aria-disabled'); button.classList.remove('right'); });
    reply.innerHTML = invitation;
    delete kept.things.answer;
    kept.save();
    buttons[0].focus();
  }

  const before = answers.findIndex(answer => answer.text === kept.things.answer);
  if (before >= 0) place(before, false);
}

export default {render};
