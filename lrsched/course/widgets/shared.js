// What all widgets share: their look, a builder of elements, a place to keep things. Each widget's script follows.

// Colours are the book's (--pst-...) or JupyterLab's (--jp-...), so that a widget follows light and dark.
const look = `
.lrsched { --text: var(--pst-color-text-base, var(--jp-ui-font-color1, #222));
  --quiet: var(--pst-color-text-muted, var(--jp-ui-font-color2, #555));
  --line: var(--pst-color-border, var(--jp-border-color1, #bbb));
  --paper: var(--pst-color-background, var(--jp-layout-color1, #fff));
  --panel: var(--pst-color-surface, var(--jp-layout-color2, #f4f4f5));
  --accent: var(--pst-color-primary, var(--jp-brand-color1, #0b62c4));
  color: var(--text); max-width: 36rem; font-variant-numeric: tabular-nums; line-height: 1.5 }
.lrsched *, .lrsched { box-sizing: border-box }
.lrsched p { margin: 0 }
.lrsched :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.lrsched input { accent-color: var(--accent); margin: 0 }
.lrsched a { color: var(--pst-color-link, var(--accent)) }
.lrsched math { font-size: 1.1em }
.lrsched button { font: inherit; white-space: nowrap; color: var(--text); background: var(--paper); border: 1px solid var(--quiet);
  border-radius: .4rem; min-height: 2.75rem; padding: .25rem 1rem; cursor: pointer }
.lrsched button:hover:not(:disabled) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent) }
.lrsched button:disabled { opacity: .45; cursor: default }
.lrsched .quiet { color: var(--quiet); font-size: .9em }
.lrsched .heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
`;

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
  const root = element('div', {class: 'lrsched', role: 'group', 'aria-label': title, 'data-lm-suppress-shortcuts': 'true'},
    element('style', {}, look + css), ...children);
  root.addEventListener('keydown', event => { if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation(); });
  el.append(root);
  return root;
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
