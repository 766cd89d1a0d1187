// Shows anywidget views from the state stored in the page: no kernel, no library.
// A classic script, so that it also runs in a page opened as a file.
document.addEventListener('DOMContentLoaded', () => {
  const stored = document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]');
  if (!stored) return;
  const state = JSON.parse(stored.textContent).state;
  const modules = new Map();

  function load(source) {
    if (!modules.has(source)) {
      modules.set(source, import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'}))));
    }
    return modules.get(source);
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

  async function show(values, el) {
    const model = modelOf(values);
    const widget = (await load(values._esm)).default;
    await widget.initialize?.({model});
    await widget.render({model, el});
  }

  for (const view of document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]')) {
    const model = state[JSON.parse(view.textContent).model_id];
    if (model?.model_module !== 'anywidget') continue;
    const el = document.createElement('div');
    view.before(el);
    // Drawn when the reader comes within a screen of it: a page pays for no widget at load.
    new IntersectionObserver((entries, observer) => {
      if (!entries.some(entry => entry.isIntersecting)) return;
      observer.disconnect();
      show({...model.state}, el);
    }, {rootMargin: '100%'}).observe(el);
  }
});
