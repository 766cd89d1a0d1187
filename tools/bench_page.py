"""Weigh and time the pages, against a default Jupyter Book of the same notebooks: what `make bench-page` prints.

Both books are built in this run and visited in turns, by a headless Chromium with an empty cache, from a local server
that compresses and caches like GitHub Pages. There is no network distance: what the default book takes from other
sites is answered at once from the same npm packages, which favours it.

- FCP, LCP: first and largest contentful paint, of a chapter opened at its top.
- TBT: of each task on the main thread the part after FCP, less 50 ms, added up until the page is quiet: loaded, and
  two seconds without a task of more than 50 ms and without an answer to a request.
- demo usable: on a deep link to the demo, from the start of navigation until a slider answers a key with a new value
  and the next frame begins.
- shift: the sum of all layout shifts until the page is quiet: at least the usual CLS, the worst five seconds of it.
  In the table of all pages: the larger of the page opened at its top and on a deep link to its first widget.
- script of a repaint: what the pad and the cockpit compute for each frame while a hand plays, the 95th percentile.

Times are medians of `ROUNDS`, with the CPU as it is and four times slower. The exit status is 1 if a gate is not met.
"""

import base64
import re
import shutil
import subprocess
import sys
import tarfile
from mimetypes import guess_type
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import pages
import yaml
from bench import heading
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, TimeoutError

CHAPTER = "chapters/step_decay"
ROUNDS = 5
LIMITS = {"LCP": 0.6, "TBT": 0.3, "demo usable": 0.4}  # ours / default, with the CPU four times slower
MOST_SHIFT = 0.01
MOST_SCRIPT = {1: 4, 4: 8}  # ms of a repaint, by how much slower the CPU is
# What the default book takes from cdn.jsdelivr.net and cdnjs.cloudflare.com: its MathJax@3, and myst-nb's other two;
# html-manager then asks for the anywidget that the notebook was stored with.
PACKAGES = ["mathjax@3.2.2", "requirejs@2.3.4", "@jupyter-widgets/html-manager@1.0.6", "anywidget@0.11.0"]

Gate = tuple[str, float, float]  # what, its value, the most that it may be

OBSERVE = """
  window.seen = {tasks: [], lcp: 0, shift: 0, usable: null};
  for (const [type, add] of Object.entries({
    'longtask': task => seen.tasks.push([task.startTime, task.startTime + task.duration]),
    'largest-contentful-paint': paint => seen.lcp = paint.startTime,
    'layout-shift': shift => seen.shift += shift.hadRecentInput ? 0 : shift.value,
  })) new PerformanceObserver(list => list.getEntries().forEach(add)).observe({type, buffered: true});
"""
PRESS = """
  requestAnimationFrame(function press() {
    const slider = document.querySelector('.lrsched input[type=range]:enabled');
    const before = slider?.ariaValueText;
    slider?.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft', bubbles: true}));
    requestAnimationFrame(slider?.ariaValueText === before ? press : now => seen.usable = now);
  });
"""
REPAINTS = """
  window.repaints = [];
  const request = window.requestAnimationFrame;
  window.requestAnimationFrame = paint => request(now => {
    const start = performance.now();
    paint(now);
    repaints.push(performance.now() - start);
  });
"""
QUIET = """() => {
  const [page] = performance.getEntriesByType('navigation'), answers = performance.getEntriesByType('resource');
  const ends = [page.loadEventEnd, ...seen.tasks.map(([, end]) => end), ...answers.map(answer => answer.responseEnd)];
  return page.loadEventEnd && performance.now() - Math.max(...ends) > 2000;
}"""
RESULT = """() => {
  const fcp = performance.getEntriesByName('first-contentful-paint')[0].startTime;
  const blocked = seen.tasks.map(([start, end]) => Math.max(0, end - Math.max(start, fcp) - 50));
  return {FCP: fcp, LCP: seen.lcp, TBT: blocked.reduce((a, b) => a + b, 0), shift: seen.shift,
    'demo usable': seen.usable ?? Infinity};
}"""


def default_book(folder: Path) -> Path:
    """The same notebooks with Jupyter Book's own settings."""
    for name in ("index.ipynb", "_toc.yml", "references.bib"):
        shutil.copy(pages.ROOT / name, folder)
    for name in ("chapters", "exercises"):
        shutil.copytree(pages.ROOT / name, folder / name)
    config = yaml.safe_load((pages.ROOT / "_config.yml").read_text())
    plain = {key: config[key] for key in ("title", "author", "bibtex_bibfiles")}
    (folder / "_config.yml").write_text(yaml.safe_dump(plain | {"execute": {"execute_notebooks": "off"}}))
    book = pages.build(folder, folder)
    chapter = book / f"{CHAPTER}.html"  # npm's require.js is not minified, so it has another hash
    chapter.write_text(re.sub(' integrity="sha256-[^"]+"', "", chapter.read_text()))
    return book


def unpack(folder: Path) -> None:
    """Put PACKAGES into a folder, each under its name."""
    packing = [pages.command("npm"), "pack", "--silent", *PACKAGES]
    done = subprocess.run(packing, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError("the default book's npm packages could not be had: is the npm registry within reach?")
    for package, archive in zip(PACKAGES, done.stdout.split(), strict=True):
        with tarfile.open(folder / archive) as tar:
            tar.extractall(folder / "tmp", filter="data")
        shutil.move(folder / "tmp/package", folder / package.rpartition("@")[0])


def copy_of(url: str, packages: Path) -> Path:
    """Where the file of a content delivery network lies in its npm package."""
    if url.endswith("/require.min.js"):
        return packages / "requirejs/require.js"
    return packages / re.sub(r"^https://cdn\.jsdelivr\.net/npm/(.[^@]*)@[^/]*/", r"\1/", url)


def timed(browser: Browser, url: str, slowdown: int, packages: Path, missing: set[str]) -> dict[str, float]:
    """One visit with an empty cache."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    protocol = page.context.new_cdp_session(page)

    def answer(event: dict) -> None:
        request, path = {"requestId": event["requestId"]}, copy_of(event["request"]["url"], packages)
        if path.is_file():
            headers = {"Content-Type": guess_type(path)[0], "Access-Control-Allow-Origin": "*"}
            request |= {"responseHeaders": [{"name": name, "value": value} for name, value in headers.items()]}
            request |= {"responseCode": 200, "body": base64.b64encode(path.read_bytes()).decode()}
            protocol.send("Fetch.fulfillRequest", request)
        else:
            missing.add(event["request"]["url"])
            protocol.send("Fetch.failRequest", request | {"errorReason": "ConnectionFailed"})

    protocol.on("Fetch.requestPaused", answer)
    protocol.send("Fetch.enable", {"patterns": [{"urlPattern": "https://*"}]})
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.add_init_script(OBSERVE + (PRESS if "#" in url else ""))
    try:
        page.goto(url, timeout=60_000)
        page.wait_for_function(QUIET, polling=200, timeout=60_000)
    except TimeoutError:
        raise RuntimeError(f"{url} was not quiet after a minute: is the machine too busy?") from None
    result = page.evaluate(RESULT)
    page.close()
    return result


def demo(book: Path, name: str) -> str | None:
    """The section of a page that holds its first widget, below the bet that stands above all sections."""
    views = BeautifulSoup((book / f"{name}.html").read_text(), "html.parser").select(pages.VIEW)
    sections = [view.find_parent("section") for view in views]
    return next((section["id"] for section in sections if section.find_parent("section")), None)


def times(browser: Browser, sites: dict[str, str], link: str, packages: Path) -> list[Gate]:
    """Print both books' times."""
    results, missing = {(book, slow): [] for slow in (1, 4) for book in sites}, set()
    for turn in range(ROUNDS + 1):
        for (book, slow), found in results.items():
            top = timed(browser, f"{sites[book]}{CHAPTER}.html", slow, packages, missing)
            deep = timed(browser, f"{sites[book]}{CHAPTER}.html#{link}", slow, packages, missing)
            shifts = {"shift, top": top["shift"], "shift, demo": deep["shift"]}
            if turn:  # the first round warms the machine up
                found.append(top | {"demo usable": deep["demo usable"]} | shifts)
    heading(f"{CHAPTER}: milliseconds, medians of {ROUNDS} (least to most)")
    for url in sorted(missing):
        print(f"failed at once for want of a local copy: {url}")
    print(f"{'':18}{'this book':>24}{'default book':>24}{'ratio':>8}")
    gates = []
    for slow in (1, 4):
        for name in ("FCP", "LCP", "TBT", "demo usable", "shift, top", "shift, demo"):
            columns = [[result[name] for result in results[book, slow]] for book in sites]
            ours, theirs = map(median, columns)
            digits = 3 if "shift" in name else 0
            row = [f"{median(c):.{digits}f} ({min(c):.{digits}f} to {max(c):.{digits}f})" for c in columns]
            ratio = "" if digits or not theirs else f"{ours / theirs:.2f}"
            print(f"CPU {slow}x {name:11}{row[0]:>24}{row[1]:>24}{ratio:>8}")
            if digits:
                gates.append((f"{name}, {slow}x", ours, MOST_SHIFT))
            elif slow == 4 and name in LIMITS:
                gates.append((f"{name}, 4x: ms, {LIMITS[name]} of the default book's", ours, LIMITS[name] * theirs))
    return gates


def shift(page: Page) -> float:
    page.evaluate(OBSERVE)
    page.wait_for_timeout(500)
    return page.evaluate("seen.shift")


def table(browser: Browser, site: str, book: Path) -> list[Gate]:
    """Print what each page weighs and what is wrong with it."""
    heading("All pages: KB of a first visit, and more after the page before; requests, of them elsewhere; faults")
    print(f"{'':33}{'KB':>5}{'more':>6}{'requests':>9}{'elsewhere':>10}{'axe':>5}{'console':>8}{'shift':>7}")
    asked, faults, moved = {}, 0, {}
    for name in pages.all_pages():
        page = pages.opened(browser, f"{site}{name}.html")
        moved[name] = shift(page)
        pages.read_through(page)
        before, asked[name] = set().union(*list(asked.values())[-1:]), {u for u in page.requests if u[:4] == "http"}
        more = pages.weight(asked[name] - before, book)
        pages.read_through(phone := pages.opened(browser, f"{site}{name}.html", width=390))
        elsewhere, axe = pages.elsewhere(page), pages.faults(page) + pages.faults(phone)
        if link := demo(book, name):
            moved[name] = max(moved[name], shift(pages.opened(browser, f"{site}{name}.html#{link}")))
        print(f"{name:33}{pages.weight(asked[name], book):5.0f}{more:6.0f}{len(asked[name]):9}", end="")
        print(f"{len(elsewhere):10}{len(axe):5}{len(page.complaints):8}{moved[name]:7.3f}", flush=True)
        for fault in [*elsewhere, *axe, *page.complaints]:
            print(f"  {fault}")
            faults += 1
        for context in browser.contexts:
            context.close()
    weights = pages.visits({name: asked[name] for name in pages.toc_pages()}, book)
    heaviest = {most: (f"KB, {name}", kb, most) for name, kb, most in sorted(weights, key=lambda visit: visit[1])}
    most_moved = max(moved, key=moved.get)
    return [*heaviest.values(), (f"shift, {most_moved}", moved[most_moved], MOST_SHIFT), ("faults", faults, 0)]


def drawn(page: Page) -> None:
    """Draw on the pad, three strokes for each of its problems."""
    for problem in page.get_by_role("group", name="Problem").get_by_role("radio").all():
        problem.check()
        page.locator(".surface").scroll_into_view_if_needed()
        box = page.locator(".surface").bounding_box()
        for height in (0.3, 0.5, 0.7):
            page.mouse.move(box["x"] + 9, box["y"] + box["height"] / 4)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] - 3, box["y"] + height * box["height"], steps=80)
            page.mouse.up()


def flown(page: Page) -> None:
    """Fly the first level of the cockpit in real time, from start to end, with the lever never at rest."""
    page.get_by_role("button", name="Start", exact=True).click()
    while not page.get_by_role("button", name="Once more").is_visible():
        for key in ("ArrowUp", "ArrowDown"):
            page.keyboard.press(key)


def repaints(browser: Browser, site: str) -> list[Gate]:
    """Print how long the script of a repaint takes while a hand plays."""
    heading("Script of a repaint, ms")
    gates = []
    for name, ready, play in (("draw.html#draw=noisy.AACq", ".pad", drawn), ("cockpit.html", ".lever", flown)):
        for slow, most in MOST_SCRIPT.items():
            for width in (1280, 390):
                page = pages.opened(browser, f"{site}chapters/{name}", width=width, script=REPAINTS)
                page.locator(ready).scroll_into_view_if_needed()
                page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slow})
                play(page)
                times = page.evaluate("repaints")
                middle, high = quantiles(times, n=20)[9], quantiles(times, n=20)[18]
                what = f"{name.split('.')[0]}, CPU {slow}x, {width} px"
                print(f"{what}: median {middle:.2f}, 95th percentile {high:.2f}, of {len(times)}")
                gates.append((f"script of a repaint, {what}: ms", high, most))
                page.context.close()
    return gates


def main() -> None:
    with TemporaryDirectory() as folder, pages.launched() as browser:
        ours, default, packages = (Path(folder, name) for name in ("ours", "default", "packages"))
        default.mkdir()
        packages.mkdir()
        unpack(packages)
        book, plain = pages.build_book(ours), default_book(default)
        with pages.served(book) as site, pages.served(plain) as plain_site:
            gates = times(browser, {"ours": site, "default": plain_site}, demo(book, CHAPTER), packages)
            gates += repaints(browser, site)
            gates += table(browser, site, book)
    heading("Gates")
    for name, value, most in gates:
        print(f"{name:60}{value:9.3f} <= {most:9.3f}  {'ok' if value <= most else 'NOT MET'}")
    sys.exit(any(value > most for _, value, most in gates))


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"make: {error}")
