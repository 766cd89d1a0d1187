// What all widgets share: a builder of elements, a place to keep things. Their look (look.css) stands before this, and
// each widget's style and script follow.

function element(tag, settings = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (typeof value === 'boolean') node.toggleAttribute(name, value);
    else if (name === 'html') node.innerHTML = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// The outermost element of a widget. JupyterLab takes keys for its own shortcuts: those pressed in here end here.
function widget(el, title, css, ...children) {
  const root = element('div', {class: 'lrsched', role: 'group', 'aria-label': title}, element('style', {}, look + css), ...children);
  suppressShortcuts(root);
  firstFrame(el)?.remove();
  el.append(root);
  return root;
}

// What stood in the page before the script: a widget takes its place.
function firstFrame(el) { return el.closest('.cell_output, .jp-OutputArea')?.querySelector('.first-frame'); }

function suppressShortcuts(root) {
  root.dataset.lmSuppressShortcuts = 'true';
  root.addEventListener('keydown', event => { if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation(); });
}

// Move the demos of the page to a setting, "rate = 0.4, momentum = 0", as a link with that title does.
function follow(setting) {
  document.dispatchEvent(new CustomEvent('lrsched:setting', {detail: setting}));
}

// Tell the page what the reader has done with a chapter: it has a mark for that.
function done(slug, what) {
  document.dispatchEvent(new CustomEvent('lrsched:done', {detail: {page: `chapters/${slug}`, ...what}}));
}

// What a widget keeps in this browser: `things` survives a reload. Where it cannot, all works and `trouble` says so.
function keep(key, trouble) {
  const lost = 'This browser keeps nothing for this page: after a reload you start again.';
  const isThings = value => typeof value === 'object' && value !== null && !Array.isArray(value);
  let things = {}, told = false;
  function tell(sentence) { if (!told) trouble.textContent = sentence; told = true; }
  try {
    if (!(localStorage instanceof Storage)) tell(lost);  // the book's page has put something in its place
    const text = localStorage.getItem(key) ?? '{}';
    try { things = JSON.parse(text); } catch { things = null; }
    if (!isThings(things)) { things = {}; tell('What was kept here cannot be read, so you start again.'); }
  } catch { tell(lost); }
  return {things, save() { try { localStorage.setItem(key, JSON.stringify(things)); } catch { tell(lost); } }};
}
