"""The recorded conversations, listened to in Chromium: on a chapter's page, and one after the other."""

import json

import pytest
from pages import ROOT, read_through, served

RECORDED = json.loads((ROOT / "_static/audio/manifest.json").read_text("utf-8"))
LINES = RECORDED["step_decay"]["lines"]
LINKS = [time for line in LINES for _, time in line["links"]]
PLAYING = "() => { const audio = document.querySelector('audio'); return !audio.paused && audio.currentTime > 0 }"
SETTING = """() => [...document.querySelectorAll('#try-it .setting input, .player .setting input')]
  .map(input => input.ariaValueText).join(', ')"""


@pytest.fixture
def chapter(site, visit):
    """A chapter's page, opened as `visit` does."""
    return lambda **options: visit(f"{site}chapters/step_decay.html", **options)


def press_play(page):
    page.get_by_role("button", name="Play", exact=True).first.click()
    page.wait_for_function(PLAYING)


def seek(page, seconds):
    page.evaluate("to => { document.querySelector('audio').currentTime = to }", seconds)


def is_lit(page, number):
    page.wait_for_function(
        "i => [...document.querySelectorAll('.turn')].findIndex(turn => turn.matches('.now')) === i", arg=number
    )
    assert page.locator(".from[aria-current=true]").count() == 1


def shows(page, setting):
    page.wait_for_function(f"wish => ({SETTING})() === wish", arg=setting)


def test_nothing_is_loaded_before_it_is_asked_for(chapter):
    page = chapter()
    read_through(page)
    assert not [url for url in page.requests if "listen.js" in url or ".mp3" in url]
    press_play(page)
    assert len({url for url in page.requests if ".mp3" in url}) == 1
    assert page.complaints == []


def test_by_keyboard_alone(chapter):
    page = chapter()
    page.locator(".bar .play").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(PLAYING)
    is_lit(page, 0)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    is_lit(page, 2)
    assert page.evaluate("document.activeElement.ariaLabel").endswith(", Theo")
    page.keyboard.press("ArrowUp")
    is_lit(page, 1)
    page.keyboard.press("l")
    page.keyboard.press("l")
    assert page.evaluate("document.querySelector('audio').currentTime") > LINES[1]["start"] + 9
    page.keyboard.press("k")
    page.wait_for_function("document.querySelector('audio').paused")
    page.locator("article h1").evaluate("heading => { heading.tabIndex = -1; heading.focus() }")
    page.keyboard.press("k")
    assert page.evaluate("document.querySelector('audio').paused"), "elsewhere the keys are not the player's"
    page.locator(".bar fieldset input").nth(1).focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('audio').playbackRate") == 1.25


def test_a_line_is_a_button_that_seeks_and_the_line_spoken_is_in_view(chapter):
    page = chapter()
    press_play(page)
    for number in (len(LINES) - 1, 1, 7):
        page.locator(".from").nth(number).click()
        is_lit(page, number)
        page.wait_for_function(
            """i => {
              const {top, bottom} = document.querySelectorAll('.turn')[i].getBoundingClientRect();
              return top >= document.querySelector('.player').getBoundingClientRect().bottom && bottom <= innerHeight;
            }""",
            arg=number,
        )
    page.get_by_label("Scroll along").uncheck()
    seek(page, LINES[-1]["start"])
    is_lit(page, len(LINES) - 1)
    before = page.evaluate("scrollY")
    seek(page, LINES[3]["start"])
    is_lit(page, 3)
    assert page.evaluate("scrollY") == before


@pytest.mark.parametrize("width", [1280, 390])
def test_the_demo_stands_above_the_lines_and_shows_what_is_said(chapter, width):
    page = chapter(width=width)
    press_play(page)
    for time, setting in zip(LINKS, ("0.1, 5", "1, 100", "0.2, 100"), strict=True):
        seek(page, time)
        shows(page, setting)
    picture = page.locator(".player .picture svg").bounding_box()
    assert picture["y"] >= 0 and picture["y"] + picture["height"] < 800
    assert picture["height"] > 200 and picture["x"] >= 0 and picture["x"] + picture["width"] <= width
    page.locator(".bar .play").click()
    page.locator("#try-it .lrsched .picture").wait_for(state="attached")
    assert page.locator(".player .lrsched").count() == 0


def test_the_hand_of_the_reader_comes_first_until_the_next_line(chapter):
    page = chapter()
    press_play(page)
    seek(page, LINKS[0])
    shows(page, "0.1, 5")
    page.locator(".player .setting input").first.focus()
    page.keyboard.press("ArrowRight")
    shows(page, "0.2, 5")
    seek(page, LINKS[0] + 0.5)
    page.wait_for_timeout(600)  # nothing is to happen
    shows(page, "0.2, 5")
    seek(page, LINKS[1])
    shows(page, "1, 100")


def test_the_place_is_kept(chapter):
    page = chapter()
    press_play(page)
    seek(page, 31)
    page.wait_for_function("JSON.parse(localStorage.getItem('lrsched:listen') ?? '{}').step_decay > 30")
    page.reload()
    page.locator(".bar .play").focus()
    page.wait_for_function("document.querySelector('.bar .time').textContent.startsWith('0:3')")
    press_play(page)
    page.wait_for_function("document.querySelector('audio').currentTime > 30")


def test_who_has_listened_can_listen_without_a_network(book, visit):
    with served(book) as address:
        page = visit(f"{address}chapters/step_decay.html", service_worker=True)
        page.wait_for_function("navigator.serviceWorker.controller")
        read_through(page)
        press_play(page)
        page.wait_for_function(
            "async () => (await (await caches.open('read pages')).keys()).some(({url}) => url.includes('.mp3'))"
        )
    page.reload()
    press_play(page)
    seek(page, LINES[-1]["start"])
    is_lit(page, len(LINES) - 1)


def test_a_page_opened_as_a_file_can_be_listened_to(book, visit):
    page = visit((book / "chapters/step_decay.html").as_uri())
    press_play(page)
    seek(page, LINES[5]["start"])
    is_lit(page, 5)


def test_without_javascript_there_are_the_browsers_own_controls(chapter):
    page = chapter(javascript=False)
    assert page.locator("audio").is_visible() and page.locator("audio").get_attribute("controls") is not None
    assert not page.locator(".bar").is_visible()


@pytest.mark.parametrize("before_the_script", [False, True])
def test_a_recording_that_is_not_there_is_told(chapter, before_the_script):
    page, late = chapter(), []
    page.route("**/*.mp3*", lambda route: route.abort())
    if before_the_script:
        page.route("**/listen.js", lambda route: late.append(route))
    page.locator(".bar .play").click()
    if before_the_script:
        page.wait_for_function("document.querySelector('audio').error")
        late[0].continue_()
    page.get_by_text("The recording cannot be loaded.").wait_for()
    assert page.get_by_role("button", name="Play", exact=True).is_visible()


@pytest.mark.parametrize("kept", ["[1, 2]", "{", '"x"', "null", '{"step_decay": "x"}', '{"step_decay": 1e9}'])
def test_what_is_kept_may_be_anything(chapter, kept):
    page = chapter(script=f"localStorage.setItem('lrsched:listen', {json.dumps(kept)})")
    press_play(page)
    assert page.locator(".bar .time").inner_text().startswith("0:0")
    assert page.complaints == []


def test_one_conversation_follows_the_other(site, visit):
    page = visit(f"{site}chapters/listen.html")
    slugs = list(RECORDED)
    assert page.locator("audio").count() == len(slugs)
    assert page.locator(".turn").count() == sum(len(recorded["lines"]) for recorded in RECORDED.values())
    page.get_by_role("button", name="Play all").click()
    page.wait_for_function(PLAYING)
    seek(page, RECORDED[slugs[0]]["seconds"] - 1)
    page.wait_for_function("(([one, two]) => one.paused && !two.paused)(document.querySelectorAll('audio'))")
    is_lit(page, len(RECORDED[slugs[0]]["lines"]))
    page.wait_for_function(f"JSON.parse(localStorage.getItem('lrsched:listen')).last === '{slugs[1]}'")
    page.reload()
    page.locator("button.all").hover()
    page.get_by_role("button", name="Play all from Why one rate is not enough, 0:0").click()
    page.wait_for_function("!document.querySelectorAll('audio')[1].paused")


def test_the_page_to_listen_says_how_long_it_takes(site, visit):
    page = visit(f"{site}chapters/listen.html")
    minutes = sum(recorded["seconds"] for recorded in RECORDED.values()) / 60
    assert f"{len(RECORDED)} conversations, {minutes:.0f} minutes" in page.locator("article").inner_text()
    assert page.locator("a[download][href$='.mp3']").count() == len(RECORDED)
