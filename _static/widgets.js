// Shows anywidget views from the state stored in the page: no kernel, no library.
// A classic script, so that it also runs in a page opened as a file.
document.addEventListener('DOMContentLoaded', () => {
  const stored = document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]');
  if (!stored) return;
  const state = JSON.parse(stored.textContent).state;
  const loads = new Map();
  const modules = new Map();  // those whose load has ended
  const undrawn = new Map();
  const linked = new Map();  // by their fragment, those that a link can give something

  async function load({_esm}) {
    if (!loads.has(_esm)) loads.set(_esm, import(URL.createObjectURL(new Blob([_esm], {type: 'text/javascript'}))));
    modules.set(_esm, await loads.get(_esm));
  }

  function modelOf(values) {
    const bus = new EventTarget();
    return {
      get: key => values[key],
      set(key, value) {
        values[key] = value;
        bus.dispatchEvent(new Event('change:' + key));
      },
      save_changes() {},
      send() {},
      on(names, listener) { for (const name of names.split(' ')) bus.addEventListener(name, listener); },
      off(names, listener) { for (const name of names.split(' ')) bus.removeEventListener(name, listener); },
    };
  }

  function draw(el) {
    const values = undrawn.get(el);
    const module = modules.get(values?._esm);
    if (!module) return;
    undrawn.delete(el);
    const model = modelOf({...values});
    module.default.initialize?.({model});
    module.default.render({model, el});
  }

  // Drawn when the reader comes within a screen of it: a page pays for no widget at load.
  const observer = new IntersectionObserver(async entries => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting || !undrawn.has(target)) continue;
      await load(undrawn.get(target));
      draw(target);
    }
  }, {rootMargin: '100%'});

  for (const view of document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]')) {
    const model = state[JSON.parse(view.textContent).model_id];
    if (model?.model_module !== 'anywidget') continue;
    const el = document.createElement('div');
    view.before(el);
    undrawn.set(el, model.state);
    observer.observe(el);
    linked.set(model.state.content?.fragment, el);
  }

  // A link such as #draw=... leads to the widget that reads it, wherever that is in the page.
  function scroll() {
    const [fragment, things] = location.hash.slice(1).split('=');
    if (things) linked.get(fragment)?.parentElement.scrollIntoView();
  }
  scroll();
  addEventListener('hashchange', scroll);

  // Paper has every widget. A browser that prints waits for nothing, so the scripts are loaded before.
  addEventListener('load', () => setTimeout(() => undrawn.forEach(load), 1000));
  addEventListener('beforeprint', () => undrawn.forEach((values, el) => draw(el)));
});
