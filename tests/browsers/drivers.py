"""Firefox and a WebKit, both driven in one way: a page opened and read through, elements found, keys and clicks.

Playwright drives the Firefox of the machine; the release that the other tests use cannot, so that these tests have an
environment of their own. WebKitGTK has a WebDriver, and needs a screen: Xvfb is one.
"""

import os
import re
import shutil
import subprocess
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pages import VIEW
from playwright.sync_api import sync_playwright
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.webkitgtk.service import Service

PACKAGES = {"firefox-esr": "firefox-esr", "WebKitWebDriver": "webkit2gtk-driver", "Xvfb": "xvfb"}
SECONDS = 120  # that a test waits for what should come at once: the machine may be busy
NARROW = "button, entry, image, headerbar *, toolbar * { min-width: 0; padding: 0; margin: 0; font-size: 7px }"
# WebDriver tells no errors of a page, so the page keeps them itself, from before its first script.
LISTENER = """<script>
window.complaints = [];
addEventListener('error', ({target, message}) => complaints.push(message ?? `${target.outerHTML} does not load`), true);
addEventListener('unhandledrejection', ({reason}) => complaints.push(String(reason)));
</script>"""


def programs() -> dict[str, str]:
    """The path of each program; what is missing is installed, if we may."""
    missing = sorted(package for program, package in PACKAGES.items() if not shutil.which(program))
    if missing and shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(f"apt-get update -qq && apt-get install -qq {' '.join(missing)}", shell=True)
    paths = {program: shutil.which(program) for program in PACKAGES}
    if missing := sorted(package for program, package in PACKAGES.items() if not paths[program]):
        packages = " ".join(missing)
        raise RuntimeError(f"a program is missing that these tests drive; as root: apt-get install {packages}")
    return paths


class Reader(ABC):
    """Who reads the book in a browser."""

    @abstractmethod
    def open(self, url: str) -> None: ...
    @abstractmethod
    def js(self, expression: str) -> object: ...
    @abstractmethod
    def click(self, found: str, at: tuple[float, float] = (0.5, 0.5)) -> None:
        """Click the element that is the value of a JavaScript expression, at a share of its width and height."""

    @abstractmethod
    def press(self, found: str, *keys: str) -> None: ...
    @abstractmethod
    def picture(self) -> bytes:
        """What is seen, as PNG."""

    @abstractmethod
    def widen(self, width: int) -> None:
        """Make the page so wide, in pixels."""

    def until(self, expression: str) -> None:
        end = time.monotonic() + SECONDS
        while not self.js(expression):
            assert time.monotonic() < end, f"after {SECONDS} s still not: {expression}"
            time.sleep(0.05)

    def read(self, url: str) -> None:
        """Open a page and scroll to each widget that is not drawn yet."""
        self.open(url)
        self.until("document.readyState === 'complete'")
        self.until(
            f"""(() => {{
              const views = [...document.querySelectorAll('{VIEW}')];
              const next = views.find(view => !view.parentElement.querySelector('.lrsched:not(.first-frame)'));
              next?.parentElement.scrollIntoView({{behavior: 'instant'}});
              return !next && document.fonts.status === 'loaded';
            }})()"""
        )
        self.js("scrollTo({top: 0, behavior: 'instant'})")

    def complaints(self) -> list[str]:
        return self.js("window.complaints")


class Firefox(Reader):
    def __init__(self, page):
        self.page, self.console = page, []
        page.set_default_timeout(SECONDS * 1000)
        page.on("console", lambda message: self.hear(message.text))
        page.on("pageerror", lambda error: self.hear(str(error)))

    def hear(self, text):
        """Keep a line of the console, less the theme's remarks and those on what the last page left half loaded."""
        if not text.startswith("[PST]") and "A ServiceWorker intercepted the request" not in text:
            self.console.append(text)

    def open(self, url):
        self.console.clear()
        self.page.goto(url)

    def js(self, expression):
        return self.page.evaluate(expression)

    def click(self, found, at=(0.5, 0.5)):
        element = self.page.evaluate_handle(found).as_element()
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        element.click(position={"x": at[0] * box["width"], "y": at[1] * box["height"]})

    def press(self, found, *keys):
        element = self.page.evaluate_handle(found).as_element()
        for key in keys:
            element.press(key)

    def picture(self):
        return self.page.screenshot()

    def widen(self, width):
        self.page.set_viewport_size({"width": width, "height": 900})

    def complaints(self):
        return [*super().complaints(), *self.console]


class WebKit(Reader):
    def __init__(self, driver):
        self.driver = driver
        driver.set_script_timeout(SECONDS)

    def open(self, url):
        self.driver.get(url)

    def js(self, expression):
        return self.driver.execute_script(f"return {expression}")

    def click(self, found, at=(0.5, 0.5)):
        self.js(f"{found}.scrollIntoView({{block: 'center', behavior: 'instant'}})")  # WebDriver's own is smooth
        element = self.js(found)
        if at == (0.5, 0.5):
            return element.click()
        right, down = ((share - 0.5) * element.size[side] for share, side in zip(at, ("width", "height"), strict=True))
        ActionChains(self.driver).move_to_element_with_offset(element, round(right), round(down)).click().perform()

    def press(self, found, *keys):
        element = self.js(found)
        for key in keys:
            element.send_keys(getattr(Keys, re.sub("Arrow|Page", r"\g<0>_", key).upper(), key))

    def picture(self):
        return self.driver.get_screenshot_as_png()

    def widen(self, width):
        self.driver.set_window_rect(0, 0, width, 900)


@contextmanager
def firefox(paths: dict[str, str], home: Path) -> Iterator[Firefox]:
    with sync_playwright() as playwright:
        # As root it does not start in a home of somebody else, which is what a container of the workflow has.
        environment = os.environ | {"HOME": str(home)}
        browser = playwright.firefox.launch(
            channel="moz-firefox", executable_path=paths["firefox-esr"], env=environment
        )
        yield Firefox(browser.new_context(viewport={"width": 1280, "height": 900}).new_page())
        browser.close()


@contextmanager
def webkit(paths: dict[str, str], home: Path) -> Iterator[WebKit]:
    (home / "gtk-3.0").mkdir()
    (home / "gtk-3.0/gtk.css").write_text(NARROW)  # else its own bars keep the window 447 px wide
    reading, writing = os.pipe()
    screen = subprocess.Popen(
        [paths["Xvfb"], "-displayfd", str(writing), "-screen", "0", "1400x1000x24"], pass_fds=[writing], stderr=-3
    )
    os.close(writing)
    with open(reading) as number:
        display = number.readline().strip()
    options = webdriver.WebKitGTKOptions()
    options.add_argument("--automation")
    [options.binary_location, *_] = map(str, Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser"))
    environment = os.environ | {"DISPLAY": f":{display}", "XDG_CONFIG_HOME": str(home)}
    driver = None
    try:
        with warnings.catch_warnings():  # Selenium's own, of an argument that Selenium itself gives
            warnings.simplefilter("ignore", DeprecationWarning)
            driver = webdriver.WebKitGTK(options, Service(paths["WebKitWebDriver"], env=environment))
        yield WebKit(driver)
    finally:
        if driver:
            driver.quit()
        screen.terminate()
        screen.wait()
