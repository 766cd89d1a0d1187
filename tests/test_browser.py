"""Each page of the book in Chromium, and a chapter in JupyterLab."""

import os
import re
import shutil
import socket
import subprocess
import time
from itertools import product
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from pages import (
    PATIENCE,
    REPOSITORY,
    ROOT,
    VIEW,
    all_pages,
    command,
    elsewhere,
    faults,
    opened,
    read_through,
    served,
    toc_pages,
    visits,
)

IN_CONTENTS = pytest.mark.parametrize("name", toc_pages())
DESKTOP, PHONE = 1280, 390


@pytest.fixture(scope="module")
def asked():
    """What each page that was read asked for, by its name and the width."""
    return {}


@pytest.fixture(scope="module")
def read(browser, site, asked):
    """`read(name, width)` is a page that was read through."""

    def read(name, width):
        page = opened(browser, f"{site}{name}.html", width=width)
        read_through(page)
        asked[name, width] = set(page.requests)
        return page

    return read


@pytest.fixture(scope="module", params=product(all_pages(), (DESKTOP, PHONE)), ids=lambda at: f"{at[0]}-{at[1]}")
def page(request, read):
    """A page that was read through, for all that can be asked of it; its `place` is name and width."""
    page = read(*request.param)
    page.place = request.param
    yield page
    page.context.close()


def test_page_asks_no_other_origin_and_has_no_complaint(page):
    assert elsewhere(page) == []
    assert page.complaints == []


def test_page_stands_still(page):
    """From the first paint until the reader scrolls."""
    shifts = """() => new Promise(done => new PerformanceObserver(list => done(list.getEntries()
      .filter(({startTime}) => startTime < performance.getEntriesByName('reading')[0].startTime)
      .map(({value, sources}) => [value, ...sources.map(({node}) => node?.outerHTML?.slice(0, 100))])))
      .observe({type: 'layout-shift', buffered: true}) || setTimeout(() => done([]), 100))"""
    moved = page.evaluate(shifts)
    assert sum(value for value, *_ in moved) < 0.01, moved  # the icons and the formulas get their fonts late


def test_page_is_light(page, asked, read, book):
    name, width = page.place
    front, *others = toc_pages()
    before = others[: others.index(name)][-1:] if name in others else []
    visited = dict.fromkeys([front, *before, name])
    for other in visited:
        if (other, width) not in asked:
            read(other, width).context.close()
    weights = visits({other: asked[other, width] for other in visited}, book)
    assert [(visit, kb) for visit, kb, most in weights if kb > most] == []


def test_page_fits_a_phone_and_twice_the_size(page):
    cut = """formula => formula.querySelector('.katex-html').getBoundingClientRect().left < 0
      || formula.scrollWidth > formula.clientWidth + 1 && getComputedStyle(formula).overflowX === 'visible'"""
    for width in (page.place[1], 640):  # 640: what a desktop of 1280 shows at 200 %
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert [f.inner_text() for f in page.locator(".katex-display:visible").all() if f.evaluate(cut)] == []


def test_axe_finds_nothing(page):
    """The last for a page: on a phone the insides of its formulas and pictures are taken away."""
    page.set_viewport_size({"width": page.place[1], "height": 800})
    assert faults(page, colours=page.place[1] == DESKTOP) == []  # none depends on the width


def test_requests_to_another_origin_and_complaints_would_be_seen(site, visit):
    page = visit(site)
    with page.expect_console_message():
        page.evaluate("new Image().src = 'http://127.0.0.1:9/pixel.png'")
    assert elsewhere(page) == ["http://127.0.0.1:9/pixel.png"]
    assert "ERR_" in page.complaints[0]


@IN_CONTENTS
def test_page_reads_without_javascript(name, site, visit):
    page = visit(f"{site}{name}.html", javascript=False)
    assert page.locator("article h1").is_visible()
    for output in page.locator(f".cell_output:has({VIEW})").all():  # each widget has something to show
        assert output.locator("noscript, .first-frame").first.evaluate("frame => frame.innerHTML.length > 100")
    formulas_and_figures = "article :is(.katex-html, svg.figure):not(details *)"
    for tab in page.locator("article .sd-tab-label").all():  # tabs open by a click, without JavaScript too
        tab.click()
        assert all(formula.is_visible() for formula in tab.locator("+ .sd-tab-content").locator(".katex-html").all())
    for element in page.locator(f"{formulas_and_figures}:not(.sd-tab-content *)").all():
        assert element.is_visible()


@IN_CONTENTS
def test_page_works_as_a_file(name, book, visit):
    page = visit((book / f"{name}.html").as_uri())
    read_through(page)
    assert {urlsplit(url).scheme for url in page.requests} <= {"file", "blob", "data"}
    assert page.complaints == []


REFUSED = """Object.defineProperty(window, 'localStorage', {
  get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); }, configurable: true })"""


@pytest.mark.parametrize("name", ["index", "chapters/step_decay", "chapters/cards", "search"])
def test_page_works_where_storage_is_refused(name, site, visit):
    page = visit(f"{site}{name}.html", script=REFUSED)
    read_through(page)
    page.locator("#pst-primary-sidebar").wait_for(state="attached")
    assert page.complaints == []
    if name in ("chapters/step_decay", "chapters/cards"):
        assert page.get_by_text("This browser keeps nothing for this page").first.is_visible()


def test_what_was_read_can_be_read_without_a_network(book, visit):
    with served(book) as address:
        page = visit(f"{address}chapters/step_decay.html", service_worker=True)
        read_through(page)
        page.wait_for_function("""async () => {
          const cached = await (await caches.open('read pages')).keys();
          return performance.getEntriesByType('resource').every(({name}) =>
            !name.startsWith(location.origin) || cached.some(({url}) => url === name.split(/[?#]/)[0]));
        }""")
    page.complaints.clear()
    page.reload()
    read_through(page)
    assert page.locator("article h1").inner_text().startswith("Step decay")
    assert page.locator(".lrsched").count() == 3  # bet, demo, quiz
    assert page.evaluate("document.fonts.check('16px KaTeX_Main') && document.styleSheets.length > 5")
    assert page.complaints == []


def test_where_nothing_can_be_kept_the_network_still_answers(site, visit):
    page = visit(f"{site}chapters/step_decay.html", service_worker=True)
    page.wait_for_function("navigator.serviceWorker.controller")
    [worker] = page.context.service_workers
    worker.evaluate("() => { caches.open = () => Promise.reject(new DOMException('no room', 'UnknownError')); }")
    page.reload()
    assert page.evaluate("performance.getEntriesByType('navigation')[0].workerStart > 0")
    assert page.locator("article h1").inner_text().startswith("Step decay")


TAB = """() => {
  const at = document.activeElement, box = at.offsetHeight ? at : at.firstElementChild;
  const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(box);
  const {width, bottom, top} = box.getBoundingClientRect();
  const outlined = outlineStyle !== 'none' && outlineWidth !== '0px' || boxShadow !== 'none';
  at.reached = true;
  return {
    what: at.outerHTML.slice(0, 120),
    end: at === document.body,
    seen: outlined && width > 0 && bottom > 0 && top < innerHeight,
  };
}"""
MISSED = """() => [...document.querySelectorAll('a[href], button, input:not([type=radio]), summary, [tabindex="0"]')]
  .filter(e => !e.reached && e.tabIndex >= 0 && !e.disabled)
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest('dialog'))
  .map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("name", ["index", "chapters/step_decay", "chapters/cards", "exercises/index", "search"])
def test_every_control_is_reached_by_tab_and_shows_it(name, site, visit):
    page = visit(f"{site}{name}.html")
    page.emulate_media(reduced_motion="reduce")  # else what has the focus may still be on its way
    read_through(page)
    if page.locator(".bar").count():
        page.locator(".bar").hover()  # with the player come its lines' buttons
        page.wait_for_selector(".from")
    unseen = []
    for _ in range(400):
        page.keyboard.press("Tab")
        at = page.evaluate(TAB)
        if at["end"]:
            break
        if not at["seen"]:
            unseen.append(at["what"])
    assert at["end"]
    assert unseen == []
    assert page.evaluate(MISSED) == []


def test_nothing_moves_for_who_wants_no_motion(site, visit):
    page = visit(f"{site}chapters/step_decay.html")
    page.emulate_media(reduced_motion="reduce")
    read_through(page)
    moving = """() => [...document.querySelectorAll('*')].filter(e => {
      const {transitionDuration, animationName, scrollBehavior} = getComputedStyle(e);
      return !/^0s(, 0s)*$/.test(transitionDuration) || animationName !== 'none' || scrollBehavior === 'smooth';
    }).map(e => e.outerHTML.slice(0, 80))"""
    assert page.evaluate(moving) == []


def test_the_whole_way_of_a_reader(site, visit):
    page = visit(site)
    page.get_by_role("link", name="Read", exact=True).click()
    page.wait_for_url("**/chapters/learning_rate.html")

    page.locator(".bet:not(.first-frame) .answer").first.click()
    assert "Bet again" in page.locator(".bet [role=status]").first.inner_text()

    page.locator("#try-it").scroll_into_view_if_needed()
    slider = page.locator(".lrsched:not(.first-frame) input[type=range]").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.04"

    page.locator("#check-yourself").scroll_into_view_if_needed()
    question = page.locator(".lrsched fieldset:has([type=radio])").first
    question.locator("input").first.check()
    question.get_by_role("button", name="Check").click()
    assert question.get_by_role("status").inner_text()

    page.locator("a.right-next").click()
    page.wait_for_url("**/chapters/why_decay.html")
    page.locator("article").get_by_role("link", name="compute").first.click()
    page.wait_for_url("**/exercises/why_decay.html")
    binder = page.locator("a[href*=mybinder]")
    assert binder.count() == bool(REPOSITORY)
    if REPOSITORY:
        assert binder.get_attribute("href").endswith("?urlpath=lab/tree/exercises/why_decay.ipynb")

    page.keyboard.press("Control+k")
    page.keyboard.type("noise floor")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=noise+floor*")
    page.locator("#search-results li a").first.wait_for()
    assert page.locator("#search-results li a").count() > 2
    page.go_back()
    page.wait_for_url("**/exercises/why_decay.html")
    assert page.complaints == []


def test_slider_of_a_chapter_works_by_keyboard(site, visit):
    page = visit(f"{site}chapters/step_decay.html")
    read_through(page)
    slider = page.locator(".lrsched input[type=range]").first
    before = slider.get_attribute("aria-valuetext")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") != before


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab on a copy of the notebooks."""
    folder, port = tmp_path_factory.mktemp("lab"), free_port()
    shutil.copy(ROOT / "index.ipynb", folder)
    for name in ("chapters", "exercises"):
        shutil.copytree(ROOT / name, folder / name)
    options = {
        "ServerApp.root_dir": folder,
        "ServerApp.port": port,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
        "LabApp.news_url": None,
        "LabApp.extension_manager": "readonly",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    server = subprocess.Popen(
        [command("jupyter-lab"), *(f"--{name}={value}" for name, value in options.items())],
        env=os.environ | {"JUPYTER_CONFIG_DIR": str(folder / ".config"), "LRSCHED_PROGRESS": "off"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}/lab"
    try:
        while server.poll() is None:
            try:
                urlopen(address).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()  # it ends its kernels first
        server.wait()


def test_chapter_works_in_jupyterlab(lab, visit):
    page = visit(f"{lab}/tree/chapters/step_decay.ipynb")
    page.locator(".jp-Notebook h1").wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=4 * PATIENCE)  # its kernel
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    slider = page.locator(".lrsched:not(.first-frame) input[type=range]").first
    slider.wait_for(timeout=4 * PATIENCE)  # every picture of the demo is drawn before
    slider.focus()
    before = slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "([slider, before]) => slider.getAttribute('aria-valuetext') !== before",
        arg=[slider.element_handle(), before],
    )
    text = "\n".join(page.locator(".jp-MarkdownCell").all_inner_texts())
    assert len(text) > 500
    assert re.findall(r":::.*|```.*|\{[a-z:]+\}`?", text) == []


def test_the_contents_mark_what_was_read_bet_and_solved_until_the_marks_are_removed(site, visit):
    page = visit(f"{site}chapters/learning_rate.html")
    page.locator(".bet:not(.first-frame) .answer").first.click()
    page.locator("#the-formula > h2").scroll_into_view_if_needed()
    page.wait_for_function("/\\d+ % read, bet placed/.test(document.querySelector('.bd-sidenav a.current').title)")
    page.goto(f"{site}exercises/step_decay.html")
    page.get_by_role("checkbox", name="I have solved these exercises").check()
    assert page.locator(".bd-sidenav a.current").last.get_attribute("title") == "solved"
    page.reload()
    assert page.get_by_role("checkbox", name="I have solved these exercises").is_checked()
    page.get_by_role("button", name="Remove my marks").click()
    assert page.locator(".bd-sidenav a[data-share]").count() == 0
    page.evaluate("localStorage.setItem('lrsched:progress', '[[')")
    page.reload()
    assert page.complaints == []
