// Shows one card after another. A card that is known moves one box up, any other one back to the first box.
const rests = [1, 2, 4, 8];  // rounds until a card in box 1, 2, 3, 4 comes back
const returns = ['every round', 'every 2nd round', 'every 4th round', 'every 8th round'];

function render({model, el}) {
  const {title, cards, titles} = model.get('content');
  const trouble = element('p', {role: 'status', class: 'quiet'});
  const kept = keep('lrsched:cards', trouble);
  const isCount = value => Number.isInteger(value) && value >= 0;
  let round, places;  // places: for each card its box, 0 to 3, and the round in which it is due
  read();

  const left = element('p', {});
  const front = element('p', {class: 'front'});
  const back = element('div', {role: 'status'});
  const source = element('p', {class: 'source quiet'});
  const heard = element('p', {role: 'status', class: 'heard'});
  const flipper = element('button', {type: 'button', class: 'flip', click: flip});
  const again = element('button', {type: 'button', click: () => sort(false)}, 'Again');
  const know = element('button', {type: 'button', click: () => sort(true)}, 'I knew it');
  const boxes = element('ul', {class: 'boxes', 'aria-label': 'Boxes'});
  const restart = element('button', {type: 'button', click() { forget(); next(); }}, 'Start again');
  const root = widget(el, title, css, element('div', {class: 'card', click(event) { if (!event.target.closest('a')) flip(); }},
    front, back, source), element('div', {class: 'buttons'}, flipper, again, know), boxes,
    element('div', {class: 'foot'}, left, restart), trouble, heard);
  let card, open;
  show();

  function read() {
    round = isCount(kept.things.round) ? kept.things.round : 0;
    const stored = Object(kept.things.places);
    places = Object.fromEntries(cards.map(({slug}) => {
      const [box, due] = Array.isArray(stored[slug]) ? stored[slug] : [];
      return [slug, isCount(box) && box < rests.length && isCount(due) ? [box, due] : [0, 0]];
    }));
  }
  function forget() { delete kept.things.places; delete kept.things.round; read(); kept.save(); }

  function waiting() { return cards.filter(({slug}) => places[slug][1] <= round); }

  function show() {
    const todo = waiting();
    [card] = todo;
    open = false;
    back.replaceChildren();
    source.replaceChildren(...card ? chapter(card.chapter) : []);
    front.innerHTML = card ? card.front : 'All cards of this round are sorted.';
    left.textContent = `Round ${round + 1}: ${todo.length} of ${cards.length} cards left`;
    boxes.replaceChildren(...rests.map((_, box) => element('li', {class: card && places[card.slug][0] === box ? 'here' : ''},
      element('span', {}, `Box ${box + 1}`), element('strong', {}, String(cards.filter(({slug}) => places[slug][0] === box).length)),
      element('span', {class: 'quiet'}, returns[box]))));
    label();
  }
  function label() {
    flipper.textContent = card ? open ? 'Hide the answer' : 'Show the answer' : 'Next round';
    if (card) flipper.setAttribute('aria-expanded', open); else flipper.removeAttribute('aria-expanded');
    again.disabled = know.disabled = !open;
  }
  function next() {
    show();
    flipper.focus();
    heard.textContent = card?.heard ?? front.textContent;
  }
  function flip() {
    if (!card) {
      round = Math.min(...cards.map(({slug}) => places[slug][1]));
      kept.things.round = round;
      kept.save();
      return next();
    }
    open = !open;
    back.innerHTML = open ? card.back : '';
    label();
  }
  function sort(known) {
    const box = known ? Math.min(places[card.slug][0] + 1, rests.length - 1) : 0;
    places[card.slug] = [box, round + rests[box]];
    Object.assign(kept.things, {round, places});
    kept.save();
    next();
  }

  // The book's list of pages knows where a chapter is; elsewhere its title must do.
  function chapter(slug) {
    const link = document.querySelector(`nav a[href$="chapters/${slug}.html"], nav a[href="${slug}.html"]`);
    return [link ? element('a', {href: link.getAttribute('href')}, titles[slug]) : titles[slug]];
  }
  return () => root.remove();
}

export default {render};
