"""Weigh and time the pages, against a default Jupyter Book of the same notebooks: what `make bench-page` prints.

Both books are built in this run and visited in turns, by a headless Chromium with an empty cache, from a local server
that compresses and caches like GitHub Pages. There is no network distance: what the default book takes from other
sites is answered at once from the same npm packages, which favours it.

- FCP, LCP: first and largest contentful paint, of a chapter opened at its top.
- TBT: of each task on the main thread the part after FCP, less 50 ms, added up until the page is quiet: loaded, and
  two seconds without such a task or an answer to a request.
- demo usable: on a deep link to the demo, from the start of navigation until a slider answers a key with a new value
  and the next frame begins.
- shift: the sum of all layout shifts until the page is quiet: at least the usual CLS, the worst five seconds of it.

Times are medians of `ROUNDS`, with the CPU as it is and four times slower. The exit status is 1 if a gate is not met.
"""

import base64
import re
import shutil
import subprocess
import sys
import tarfile
from contextlib import suppress
from mimetypes import guess_type
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import yaml
from bench import heading
from bs4 import BeautifulSoup
from pages import (
    ROOT,
    VIEW,
    all_pages,
    build,
    build_book,
    command,
    elsewhere,
    faults,
    launched,
    opened,
    read_through,
    served,
    toc_pages,
    visits,
    weight,
)
from playwright.sync_api import Browser, Page, TimeoutError

CHAPTER = "chapters/03_step_decay"
ROUNDS = 5
LIMITS = {"LCP": 0.6, "TBT": 0.3, "demo usable": 0.4}  # ours / default, with the CPU four times slower
MOST_SHIFT = 0.05
# What the default book takes from cdn.jsdelivr.net and cdnjs.cloudflare.com: its MathJax@3, and myst-nb's other two;
# html-manager then asks for the anywidget that the notebook was stored with.
PACKAGES = ["mathjax@3.2.2", "requirejs@2.3.4", "@jupyter-widgets/html-manager@1.0.6", "anywidget@0.11.0"]

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
QUIET = """() => {
  const [page] = performance.getEntriesByType('navigation'), answers = performance.getEntriesByType('resource');
  const ends = [page.loadEventEnd, ...seen.tasks.map(([, end]) => end), ...answers.map(answer => answer.responseEnd)];
  return page.loadEventEnd && performance.now() - Math.max(...ends) > 2000 && (seen.usable || !location.hash);
}"""
RESULT = """() => {
  const fcp = performance.getEntriesByName('first-contentful-paint')[0].startTime;
  const blocked = seen.tasks.map(([start, end]) => Math.max(0, end - Math.max(start, fcp) - 50));
  return {FCP: fcp, LCP: seen.lcp, TBT: blocked.reduce((a, b) => a + b, 0), shift: seen.shift, usable: seen.usable};
}"""


def default_book(folder: Path) -> Path:
    """The same notebooks with Jupyter Book's own settings."""
    for name in ("index.ipynb", "_toc.yml", "references.bib"):
        shutil.copy(ROOT / name, folder)
    for name in ("chapters", "exercises"):
        shutil.copytree(ROOT / name, folder / name)
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    plain = {key: config[key] for key in ("title", "author", "bibtex_bibfiles")}
    (folder / "_config.yml").write_text(yaml.safe_dump(plain | {"execute": {"execute_notebooks": "off"}}))
    book = build(folder, folder)
    chapter = book / f"{CHAPTER}.html"  # npm's require.js is not minified, so it has another hash
    chapter.write_text(re.sub(' integrity="sha256-[^"]+"', "", chapter.read_text()))
    return book


def unpacked(folder: Path) -> Path:
    """A folder with PACKAGES, each under its name."""
    done = subprocess.run([command("npm"), "pack", "--silent", *PACKAGES], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError("the default book's npm packages could not be had: is the npm registry within reach?")
    for package, archive in zip(PACKAGES, done.stdout.split(), strict=True):
        with tarfile.open(folder / archive) as tar:
            tar.extractall(folder / "tmp", filter="data")
        shutil.move(folder / "tmp/package", folder / package.rpartition("@")[0])
    return folder


def copy_of(url: str, packages: Path) -> Path:
    """Where the file of a content delivery network lies in its npm package."""
    if url.endswith("/require.min.js"):
        return packages / "requirejs/require.js"
    name = re.sub(r"^https://cdn\.jsdelivr\.net/npm/((?:@[^/]+/)?[^/@]+)@[^/]+/", r"\1/", url)
    return packages / name


def timed(browser: Browser, url: str, slowdown: int, packages: Path, missing: set[str]) -> dict[str, float]:
    """One visit with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    browser_side = context.new_cdp_session(page)

    def answer(event: dict) -> None:
        path, request = copy_of(event["request"]["url"], packages), {"requestId": event["requestId"]}
        if not path.is_file():
            missing.add(event["request"]["url"])
            return browser_side.send("Fetch.failRequest", request | {"errorReason": "ConnectionFailed"})
        headers = {"Content-Type": guess_type(path)[0] or "", "Access-Control-Allow-Origin": "*"}
        browser_side.send(
            "Fetch.fulfillRequest",
            request
            | {
                "responseCode": 200,
                "responseHeaders": [{"name": name, "value": value} for name, value in headers.items()],
                "body": base64.b64encode(path.read_bytes()).decode(),
            },
        )

    browser_side.on("Fetch.requestPaused", answer)
    browser_side.send("Fetch.enable", {"patterns": [{"urlPattern": "https://*"}]})
    browser_side.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.add_init_script(OBSERVE + (PRESS if "#" in url else ""))
    page.goto(url)
    with suppress(TimeoutError):
        page.wait_for_function(QUIET, polling=200)
    result = page.evaluate(RESULT)
    context.close()
    return result


def demo(book: Path, name: str) -> str | None:
    """The section of a page that holds its first demo or quiz."""
    view = BeautifulSoup((book / f"{name}.html").read_text(), "html.parser").select_one(VIEW)
    return view and view.find_parent("section")["id"]


def times(browser: Browser, sites: dict[str, str], link: str, packages: Path) -> list[tuple[str, float, float]]:
    """Print a table of both books' times, and return its gates."""
    visits = {(book, slow): [] for slow in (1, 4) for book in sites}
    missing = set()
    for turn in range(ROUNDS + 1):
        for (book, slow), results in visits.items():
            top = timed(browser, f"{sites[book]}{CHAPTER}.html", slow, packages, missing)
            demo = timed(browser, f"{sites[book]}{CHAPTER}.html#{link}", slow, packages, missing)
            if turn:  # the first round warms the machine up
                usable = demo["usable"] or float("inf")
                results.append(top | {"demo usable": usable, "shift, top": top["shift"], "shift, demo": demo["shift"]})
    heading(f"{CHAPTER}: milliseconds, medians of {ROUNDS} (least to most)")
    if missing:
        print("failed at once for want of a local copy:", *sorted(missing), sep="\n  ")
    print(f"{'':18}{'this book':>24}{'default book':>24}{'ratio':>8}")
    gates = []
    for slow in (1, 4):
        for name in ("FCP", "LCP", "TBT", "demo usable", "shift, top", "shift, demo"):
            columns = [[result[name] for result in visits[book, slow]] for book in sites]
            ours, theirs = map(median, columns)
            digits = 3 if "shift" in name else 0
            row = [f"{median(c):.{digits}f} ({min(c):.{digits}f} to {max(c):.{digits}f})" for c in columns]
            ratio = "" if digits or not theirs else f"{ours / theirs:.2f}"
            print(f"CPU {slow}x {name:11}{row[0]:>24}{row[1]:>24}{ratio:>8}")
            if slow == 4 and name in LIMITS:
                gates.append((f"{name} at 4x, ms", ours, LIMITS[name] * theirs))
            if digits:
                gates.append((f"{name}, {slow}x", ours, MOST_SHIFT))
    return gates


def table(browser: Browser, site: str, book: Path) -> list[tuple[str, float, float]]:
    """Print what each page weighs and what is wrong with it, and return the gates."""
    heading("All pages: KB of a first visit, and more after the page before; requests, of them elsewhere; faults")
    print(f"{'':33}{'KB':>5}{'more':>5}{'asks':>5}{'else':>5}{'axe':>5}{'console':>8}{'shift':>7}")
    asked, wrong, moved, before = {}, 0, 0.0, set()
    for name in all_pages():
        page = opened(browser, f"{site}{name}.html")
        read_through(page)
        urls = {url for url in page.requests if url.startswith("http")}
        shift = shift_of(page)
        others, found = elsewhere(page), faults(page)
        if link := demo(book, name):
            shift = max(shift, shift_of(opened(browser, f"{site}{name}.html#{link}")))
        more = weight(urls - before, book) if before else 0
        print(f"{name:33}{weight(urls, book):5.0f}{more:5.0f}{len(urls):5}{len(others):5}{len(found):5}", end="")
        print(f"{len(page.complaints):8}{shift:7.3f}", flush=True)
        for fault in [*others, *found, *page.complaints]:
            print(f"  {fault}")
            wrong += 1
        moved, before = max(moved, shift), urls
        if name in toc_pages():
            asked[name] = urls
        for context in browser.contexts:
            context.close()
    heaviest = {most: (f"KB, {name}", kb, most) for name, kb, most in sorted(visits(asked, book), key=lambda v: v[1])}
    return [
        *heaviest.values(),
        ("shift, any page", moved, MOST_SHIFT),
        ("faults, all pages", wrong, 0),
    ]


def shift_of(page: Page) -> float:
    page.evaluate(OBSERVE)
    page.wait_for_timeout(500)
    return page.evaluate("seen.shift")


def main() -> None:
    with TemporaryDirectory() as folder, launched() as browser:
        packages, plain = Path(folder, "packages"), Path(folder, "plain")
        packages.mkdir()
        plain.mkdir()
        books = {"ours": build_book(Path(folder)), "default": default_book(plain)}
        unpacked(packages)
        with served(books["ours"]) as ours, served(books["default"]) as default:
            sites = {"ours": ours, "default": default}
            gates = times(browser, sites, demo(books["ours"], CHAPTER), packages)
            gates += table(browser, ours, books["ours"])
    heading("Gates")
    for name, value, most in gates:
        print(f"{name:60}{value:9.3f} <= {most:9.3f}  {'ok' if value <= most else 'NOT MET'}")
    sys.exit(any(value > most for _, value, most in gates))


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"make: {error}")
