"""The pages of the book in a real browser: build, serve, open, weigh. Shared by the tests and `make bench-page`."""

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import yaml
from playwright.sync_api import Browser, Page, sync_playwright

from lrsched.course.chapters import CHAPTERS

ROOT = Path(__file__).resolve().parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
REPOSITORY = os.environ.get("BOOK_REPOSITORY") or CONFIG["repository"]["url"]  # empty if not known, as the site's
SITE = f"{site.rstrip('/')}/" if (site := os.environ.get("BOOK_SITE") or CONFIG["html"]["baseurl"]) else ""
PREFIX = urlsplit(SITE).path.rstrip("/")
AXE = ROOT / "node_modules/axe-core/axe.min.js"
VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]'
COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".wasm"}


def toc_pages() -> list[str]:
    """The pages that _toc.yml names, in reading order, without suffix; its `glob` stands for the exercises."""

    def names(entry: dict) -> Iterator[str]:
        yield from (entry[key] for key in ("root", "file") if key in entry)
        yield from (f"exercises/{slug}" for slug in CHAPTERS if "glob" in entry)
        for key in ("parts", "chapters", "sections"):
            for part in entry.get(key, []):
                yield from names(part)

    return list(names(yaml.safe_load((ROOT / "_toc.yml").read_text())))


def all_pages() -> list[str]:
    return [*toc_pages(), "search", "genindex", "404"]


def command(name: str) -> Path:
    """A command of the environment that runs this."""
    return Path(sys.executable).with_name(name)


def build(source: Path, out: Path, *options: str, **environment: str) -> Path:
    """The folder of a fresh build."""
    building = [command("jupyter-book"), "build", source, "--path-output", out, *options]
    done = subprocess.run(building, capture_output=True, text=True, env=os.environ | environment)
    if done.returncode:
        raise RuntimeError(f"the book does not build:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return out / "_build/html"


def build_book(out: Path) -> Path:
    """The folder of a fresh build of this book; every warning is an error."""
    return build(ROOT, out, "-W", "-n", "--keep-going")


@cache
def sent(path: Path) -> bytes:
    """What a server sends for a file."""
    return gzip.compress(path.read_bytes()) if path.suffix in COMPRESSED else path.read_bytes()


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder as GitHub Pages does, under a path; says nothing."""

    prefix = PREFIX
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(self.prefix))

    def send_head(self) -> BytesIO | None:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            return self.send_error(HTTPStatus.NOT_FOUND)
        body = sent(path)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if path.suffix in COMPRESSED:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        return BytesIO(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path, prefix: str = PREFIX) -> Iterator[str]:
    """The address of a built book, served on a free local port under the path that it will have on its site."""
    handler = type("Handler", (Handler,), {"prefix": prefix})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}/"
    finally:
        server.shutdown()
        server.server_close()


def chromium() -> str | None:
    """The path of Chromium, installed if need be; None for Playwright's own, whose place it knows itself.

    The headless shell, where there is one: the same engine without a window takes half of the time.
    """

    def installed() -> str | None:
        names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
        return next(filter(None, map(shutil.which, names)), None)

    def succeeds(*command: str) -> bool:
        return subprocess.run(command).returncode == 0

    if path := installed():
        return path
    if shutil.which("apt-get") and os.geteuid() == 0:
        install = "apt-get install -y"
        if succeeds("sh", "-c", f"apt-get update && {install} chromium-headless-shell || {install} chromium"):
            return installed()
    if succeeds(sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"):
        return None
    raise RuntimeError("Chromium is needed, and neither apt-get nor Playwright could install it")


PATIENCE = 120_000  # ms that a test waits for what should come at once: a machine may be busy with ten other things


@contextmanager
def launched(path: str | None = None) -> Iterator[Browser]:
    """One headless Chromium, the one at `path` or the one that is found."""
    with sync_playwright() as playwright:
        path = path or chromium()
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=PATIENCE)
        yield browser
        browser.close()


def opened(
    browser: Browser,
    url: str,
    *,
    width: int = 1280,
    dark: bool = False,
    javascript: bool = True,
    script: str = "",
    service_worker: bool = False,
) -> Page:
    """A page in a fresh context; `script` runs before its own.

    Its `requests` are the addresses that it asked for, its `waiting` those that were not answered yet, its `complaints`
    what it wrote to the console, less the theme's own remarks and Playwright's that the service worker, which most
    pages are better tested without, is not there.
    """
    context = browser.new_context(
        service_workers="allow" if service_worker else "block",
        viewport={"width": width, "height": 800},
        color_scheme="dark" if dark else "light",
        java_script_enabled=javascript,
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.add_init_script(script)
    page.requests, page.waiting, page.complaints = [], set(), []
    page.on("request", lambda request: page.requests.append(request.url) or page.waiting.add(request))
    for end in ("requestfinished", "requestfailed"):
        page.on(end, lambda request: page.waiting.discard(request))
    remarks = ("[PST]", "Service Worker registration blocked")
    page.on("console", lambda message: message.text.startswith(remarks) or page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(url)
    return page


def read_through(page: Page) -> None:
    """Scroll from top to bottom, as a reader does, until every widget is drawn and nothing more is loaded."""
    page.evaluate(
        """async () => {
          performance.mark('reading');
          const painted = () => new Promise(requestAnimationFrame);
          for (let top = 0; top < document.body.scrollHeight; top += innerHeight) {
            scrollTo({top, behavior: 'instant'});
            await painted();  // what watches for things to come into view is called after the first frame
            await painted();
          }
          scrollTo({top: 0, behavior: 'instant'});
          await document.fonts.ready;
        }"""
    )
    page.wait_for_function(
        f"document.querySelectorAll('.lrsched').length === document.querySelectorAll('{VIEW}').length"
    )
    while page.waiting:
        page.wait_for_timeout(10)  # only meanwhile are answers heard of


def elsewhere(page: Page) -> list[str]:
    """The requests of a page to another origin than its own."""
    return [
        url
        for url in page.requests
        if urlsplit(url).scheme not in ("blob", "data") and urlsplit(url).netloc != urlsplit(page.url).netloc
    ]


# The rules that see nothing else on a phone than on a desktop, and those whose verdict may be another in the dark.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
DARK_RULES = [*COLOUR_RULES, "image-alt", "svg-img-alt", "role-img-alt"]


def faults(page: Page, *, colours: bool = True) -> list[str]:
    """What axe finds of moderate impact or above, light and dark; or without what depends on colours, which is slow."""
    page.add_script_tag(path=AXE)
    page.emulate_media(reduced_motion="reduce")  # a theme that changes bit by bit has other colours meanwhile
    found, before = [], page.evaluate("document.documentElement.dataset.theme")
    asked = {"light": {}, "dark": {"runOnly": DARK_RULES}}
    if not colours:
        asked = {"light": {"rules": {rule: {"enabled": False} for rule in COLOUR_RULES}}}
        insides = ".katex-html, figure svg > :not(title, desc)"
        page.evaluate("insides => document.querySelectorAll(insides).forEach(part => part.remove())", insides)
    for theme, rules in asked.items():
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        done = page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **rules})
        for fault in done["violations"]:
            if fault["impact"] != "minor":
                kind = f"{theme}, {page.viewport_size['width']} px: {fault['id']} ({fault['impact']})"
                found += [f"{kind}: {node['html'][:200]}" for node in fault["nodes"]]
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", before)
    return found


def weight(urls: Iterable[str], folder: Path) -> float:
    """KB that a first visit transfers."""
    files = {(folder / urlsplit(url).path.removeprefix(PREFIX).lstrip("/")) for url in urls if url.startswith("http")}
    return sum(len(sent(path)) for path in files) / 1000


def visits(asked: dict[str, set[str]], folder: Path) -> list[tuple[str, float, float]]:
    """Each visit, the KB that it transfers and the most that it may, given what each page of _toc.yml asks for."""
    front, *others = asked
    first = [(name, weight(urls, folder), 180 if name == front else 300) for name, urls in asked.items()]
    later = [(f"{b} after {a}", weight(asked[b] - asked[a], folder), 80) for a, b in pairwise(others)]
    return first + later
