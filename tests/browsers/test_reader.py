"""A reader's whole way in Firefox and in a WebKit: every page, then bet, demo, quiz, cards, theme and no network."""

import json
import shutil
from io import BytesIO

import numpy as np
import pytest
from browsers.drivers import LISTENER, firefox, programs, webkit
from matplotlib.image import imread
from pages import ROOT, all_pages, served

from lrsched.course import quiz

CHAPTER = "chapters/learning_rate.html"
QUESTIONS = quiz("learning_rate").content["questions"]


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The folder of the book that `make book` has built, whose pages keep their own errors."""
    folder = tmp_path_factory.mktemp("book") / "html"
    shutil.copytree(ROOT / "_build/html", folder, ignore=shutil.ignore_patterns("lite"))
    for page in folder.rglob("*.html"):
        page.write_text(page.read_text("utf-8").replace("<head>", f"<head>{LISTENER}", 1), "utf-8")
    return folder


@pytest.fixture(scope="session", params=["firefox", "webkit"])
def running(request, tmp_path_factory):
    driven = {"firefox": firefox, "webkit": webkit}[request.param]
    with driven(programs(), tmp_path_factory.mktemp("home")) as reader:
        print(reader.js("navigator.userAgent"))
        yield reader


@pytest.fixture
def reader(running, site):
    """Who has done nothing yet; what a page complained of at the end fails the test."""
    running.open(site)
    running.js("localStorage.clear()")
    running.widen(1280)
    yield running
    assert running.complaints() == []


def all_of(css):
    return f"[...document.querySelectorAll({json.dumps(css)})]"


def button(name):
    found = f"(b.getAttribute('aria-label') ?? b.textContent).trim() === {json.dumps(name)}"
    return f"{all_of('.lrsched button')}.find(b => b.offsetHeight && {found})"


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", all_pages())
def test_page_is_drawn_fits_and_marks_its_links(reader, site, name, width):
    reader.widen(width)
    reader.read(f"{site}{name}.html")
    assert reader.js("document.documentElement.scrollWidth") <= width
    links = f"{all_of('article :is(p, li, dd) > a:not(.headerlink, .cards a, code a, .sd-btn)')}"
    bare = f"{links}.filter(a => getComputedStyle(a).textDecorationLine !== 'underline').map(a => a.outerHTML)"
    assert reader.js(bare) == []


def test_bet_by_key_and_by_pointer_is_kept_until_another_one(reader, site):
    answers, label = all_of(".bet .answer"), "document.querySelector('.bet svg').ariaLabel"
    pressed = f"{answers}.map(answer => answer.ariaPressed === 'true')"
    reply, picture = (
        "document.querySelector('.bet .reply [role=status]').textContent",
        "document.querySelector('.bet svg [data-new]') !== null",
    )
    reader.read(site + CHAPTER)
    invitation, before = reader.js(reply), reader.js(label)
    reader.press(f"{answers}[1]", "Enter")
    assert reader.js(pressed) == [False, True, False]
    first = reader.js(reply)
    assert first != invitation and reader.js(picture) and reader.js(label) != before
    assert reader.js(f"{all_of('.bd-sidenav a[data-share]')}.length") == 1

    reader.read(site + CHAPTER)
    assert reader.js(pressed) == [False, True, False]
    assert reader.js(reply) == first
    reader.click(button("Bet again"))
    assert reader.js(pressed) == [False] * 3 and reader.js(label) == before and not reader.js(picture)
    reader.click(f"{answers}[0]")
    assert reader.js(pressed) == [True, False, False]


def test_demo_by_key_pointer_buttons_play_and_link(reader, site):
    slider = "document.querySelector('.lrsched.explorer input[type=range]')"
    value, place = f"{slider}.getAttribute('aria-valuetext')", f"Number({slider}.value)"
    last, picture = f"Number({slider}.max)", "document.querySelector('.explorer svg[role=img]')"
    reader.read(site + CHAPTER)
    at, seen = reader.js(place), {reader.js(f"{picture}.innerHTML")}
    for move, moved in (
        (lambda: reader.press(slider, "ArrowRight"), at + 1),
        (lambda: reader.click(button("rate: one step up")), at + 2),
        (lambda: reader.press(slider, "End"), reader.js(last)),
    ):
        move()
        assert reader.js(place) == moved
        seen.add(reader.js(f"{picture}.innerHTML"))
        assert reader.js(f"document.querySelector('.explorer .caption').textContent === {picture}.ariaLabel")
    assert len(seen) == 4
    reader.click(slider)
    assert abs(reader.js(place) - reader.js(last) / 2) <= 0.5
    reader.press(slider, "Home")
    reader.click(button("Play through rate"))
    reader.until(f"{place} === {reader.js(last)}")

    link = f"{all_of('article a[title*=rate]')}.find(a => a.title.includes(' = ') && a.offsetHeight)"
    reader.click(link)
    wish = dict(setting.split(" = ") for setting in reader.js(f"{link}.title").split(", "))
    assert reader.js(value) == wish["rate"]


def test_words_are_chosen_by_pointer_and_by_key(reader, site):
    reader.read(f"{site}chapters/fair_comparison.html")
    chosen = f"{all_of('.words input')}.map(input => input.checked)"
    picture = "document.querySelector('.words').closest('.lrsched').querySelector('svg[role=img]').ariaLabel"
    assert reader.js(chosen) == [True, False]
    before = reader.js(picture)
    reader.click(f"{all_of('.words label')}[1]")
    assert reader.js(chosen) == [False, True] and reader.js(picture) != before
    reader.press(f"{all_of('.words input')}[1]", "ArrowLeft")
    assert reader.js(chosen) == [True, False] and reader.js(picture) == before


def test_quiz_is_solved_kept_and_begun_again(reader, site):
    reader.read(site + CHAPTER)
    score = "document.querySelector('.lrsched .foot p').textContent"
    verdicts = f"{all_of('.lrsched .verdict')}.map(verdict => verdict.className)"
    for number, question in enumerate(QUESTIONS):
        field = f"{all_of('.lrsched fieldset:has(.verdict)')}[{number}]"
        if question["kind"] == "number":
            [right] = [option for option in question["options"] if option.get("right")]
            reader.press(f"{field}.querySelector('input')", *f"{(right['low'] + right['high']) / 2:.6g}", "Enter")
            continue
        for option in question["options"]:
            if option.get("right"):  # each reader has an order of options of their own
                reader.click(f"{field}.querySelector('[value=\"{option['id']}\"]').closest('label')")
        reader.press(button(f"Check question {number + 1}"), "Space")
    assert reader.js(verdicts) == ["verdict right"] * len(QUESTIONS)
    assert reader.js(score).startswith(f"{len(QUESTIONS)} of {len(QUESTIONS)} right")
    reader.read(site + CHAPTER)
    assert reader.js(score).startswith(f"{len(QUESTIONS)} of {len(QUESTIONS)} right")
    reader.click(f"{all_of('.lrsched .foot button')}[0]")
    assert reader.js(score).startswith(f"0 of {len(QUESTIONS)} right")


def test_cards_are_turned_sorted_and_kept(reader, site):
    left, back = (
        "document.querySelector('.lrsched .foot p').textContent",
        "document.querySelector('.card [role=status]')",
    )
    reader.read(f"{site}chapters/cards.html")
    total = reader.js(f"{left}.match(/of (\\d+)/)[1]")
    reader.press(button("Show the answer"), "Enter")
    assert reader.js(f"{back}.textContent")
    reader.press(button("I knew it"), "Space")
    reader.click("document.querySelector('.lrsched .card')")
    reader.click(button("Again"))
    sorted_two = f"Round 1: {int(total) - 2} of {total} cards left"
    assert reader.js(left) == sorted_two
    reader.read(f"{site}chapters/cards.html")
    assert reader.js(left) == sorted_two
    assert reader.js(f"{all_of('.boxes strong')}.map(box => box.textContent)")[1] == "1"


def test_cockpit_is_flown_by_lever_dial_and_keys(reader, site):
    reader.read(f"{site}chapters/cockpit.html")
    lever, clock = "document.querySelector('.lever')", "document.querySelector('.cockpit .bar .quiet').textContent"
    for where in ("document.querySelector('.handle')", "document.querySelector('.dial')"):
        notches = []
        for share in (0.2, 0.5, 0.8):
            reader.click(where, at=(0.5, share))
            notches.append(int(reader.js(f"{lever}.value")))
        assert notches[0] > 150 > notches[1] > 90 > notches[2]
    reader.press(lever, "Home", "PageUp", "ArrowUp", "ArrowLeft")
    assert reader.js(f"{lever}.value") == "24"
    reader.click("document.querySelector('.turns input')")
    reader.press(lever, *["Space"] * 20)
    assert reader.js(clock) == "update 200 of 200"
    assert not reader.js("document.querySelector('.lesson').hidden")
    kept = reader.js("localStorage.getItem('lrsched:cockpit')")
    assert json.loads(kept)["calm"] > 0


def test_theme_changes_page_picture_and_sliders(reader, site):
    reader.read(site + CHAPTER)
    slider, colours = "document.querySelector('.explorer input[type=range]')", {}
    colour = "getComputedStyle(document.querySelector('.explorer svg text')).fill"
    for _ in range(3):
        reader.click("document.querySelector('.theme-switch-button')")
        theme = reader.js("document.documentElement.dataset.theme")
        reader.click(slider)
        reader.js(f"{slider}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        reader.js("document.activeElement.blur()")
        reader.until("[document.body, document.querySelector('.explorer')].every(e => !e.getAnimations().length)")
        left, top, width, height = reader.js(
            f"(box => [box.left, box.top, box.width, box.height])({slider}.getBoundingClientRect())"
        )
        seen = imread(BytesIO(reader.picture()))[..., :3]
        y = round(top + height / 2)
        paper, filled, empty = (
            seen[y + dy, round(left + width * part)] for dy, part in ((15, 0.2), (0, 0.2), (0, 0.8))
        )
        assert np.abs(filled - paper).sum() > 2 * np.abs(empty - paper).sum() > 0.1
        assert (paper.mean() < 0.5) == (theme == "dark")
        assert reader.js(f"{colour} === getComputedStyle(document.body).color")
        colours[theme] = reader.js(colour)
    assert len(set(colours.values())) == 2


def test_what_was_read_can_be_read_without_a_network(running, book):
    reader = running
    with served(book) as site:
        reader.read(site + CHAPTER)
        reader.js(
            """void (async () => {
              const wait = () => new Promise(after => setTimeout(after, 100));
              const missing = kept => performance.getEntriesByType('resource').some(({name}) =>
                name.startsWith(location.origin) && !kept.some(({url}) => url === name.split(/[?#]/)[0]));
              while (missing(await (await caches.open('read pages')).keys())) await wait();
              window.isKept = true;
            })()"""
        )
        reader.until("window.isKept")
    reader.read(site + CHAPTER)
    assert reader.js("document.querySelector('article h1').textContent").startswith("The learning rate")
    # The HTTP cache, too, might have answered: not this.
    reader.js("void fetch(location.href, {cache: 'no-store'}).then(answer => { window.answer = answer.ok; })")
    reader.until("window.answer")
    slider = "document.querySelector('.explorer input[type=range]')"
    before = reader.js(f"{slider}.value")
    reader.press(slider, "ArrowRight")
    assert reader.js(f"{slider}.value") != before
