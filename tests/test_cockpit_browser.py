"""The cockpit in Chromium: flown by keys and by pointer, in real time and turn by turn, seen and heard."""

import json

import numpy as np
import pytest
from pages import faults
from test_cockpit import GOLD, NOTCHES
from test_widgets_browser import LOST, REFUSED, page_of, tree

from lrsched.course import cockpit
from lrsched.course.play.cockpit import CRASH, HIGH, LEVELS, LOW, STEPS

NAMES = [level.name for level in LEVELS.values()]
TURNS = 20
KEY = "lrsched:cockpit"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "cockpit.html"
    path.write_text(page_of(cockpit()), "utf-8")
    return path.as_uri()


@pytest.fixture
def opened(visit, address):
    def opened(**options):
        page = visit(address, **options)
        page.locator(".lever").wait_for()
        return page

    return opened


def lever(page):
    return page.get_by_role("slider", name="Learning rate")


def rate(page):
    return float(lever(page).get_attribute("aria-valuetext"))


def main(page):
    return page.locator(".bar .main")


def headline(page):
    return page.locator(".result strong").inner_text()


def heard(page):
    return page.locator("p.heard").text_content()


def clock(page):
    return page.locator(".bar .quiet").inner_text()


def notch(value):
    return round(NOTCHES * np.log(value / LOW) / np.log(HIGH / LOW))


def turn_by_turn(page, notches):
    """Move the lever to each of `notches`, by keys that move it by 24 or by 4, and take a turn there."""
    for wanted in notches:
        missing = wanted - notch(rate(page))
        big, small = divmod(abs(round(missing / 4)), 6)
        for key, presses in (("Page", big), ("Arrow", small)):
            for _ in range(presses):
                page.keyboard.press(f"{key}{'Up' if missing > 0 else 'Down'}")
        assert rate(page) == pytest.approx(LOW * (HIGH / LOW) ** (wanted / NOTCHES), rel=0.006)
        page.keyboard.press("Space")


@pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
def test_every_level_by_keyboard_alone_turn_by_turn_to_its_lesson(opened, level):
    page = opened()
    page.keyboard.press("Tab")
    for _ in range(NAMES.index(level.name)):
        page.keyboard.press("ArrowRight")
    assert page.locator(".brief").inner_text() == level.brief
    page.get_by_label("turn by turn").press("Space")
    lever(page).focus()
    turn_by_turn(page, GOLD[level.key])
    assert clock(page) == f"update {STEPS} of {STEPS}"
    assert page.locator(".lesson").inner_text() == level.lesson
    assert page.locator(".result .gold").count() == 1, headline(page)
    assert heard(page).startswith(headline(page)) and heard(page).endswith(level.lesson)
    assert [page.locator(f".stage > div .{rival}[d^=M]").count() for rival in ("optimum", "other")] == [2, 2]
    assert page.complaints == []
    kept = page.evaluate(f"JSON.parse(localStorage.getItem('{KEY}'))")
    assert list(kept) == [level.key] and kept[level.key] <= level.goals["gold"]["loss"]
    page.reload()
    page.locator(".lever").wait_for()
    page.get_by_role("radio", name=level.name, exact=True).check()
    assert headline(page).startswith("Your best: ") and page.locator(".result .gold").count() == 1


@pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
def test_every_level_by_pointer_in_real_time(opened, level):
    page = opened()
    page.locator(".pills label").nth(NAMES.index(level.name)).click()
    page.clock.install()
    main(page).click()
    box = page.locator(".dial").bounding_box()
    x, low, high = box["x"] + box["width"] / 2, box["y"] + box["height"] - 20, box["y"] + 8
    page.mouse.move(x, low)
    page.mouse.down()
    wanted = np.maximum(level.rivals[min(level.losses, key=level.losses.get)] / 2, 1.1 * LOW)
    for start in range(0, STEPS, 5):
        share = np.log(wanted[start] / LOW) / np.log(HIGH / LOW)
        page.mouse.move(x, low - share * (low - high))
        assert rate(page) == pytest.approx(wanted[start], rel=0.1)
        page.clock.run_for(500)
    page.mouse.up()
    page.clock.run_for(2000)
    assert main(page).inner_text() == "Once more"
    assert clock(page) == f"update {STEPS} of {STEPS}" and page.locator(".lesson").is_visible()
    assert "the best found" in headline(page)
    assert page.complaints == []


def test_the_lever_moves_by_pointer_and_by_key(opened):
    page = opened()
    box = page.locator(".handle").bounding_box()
    assert box["height"] > 2 * box["width"]
    rates = []
    for share in (0.15, 0.5, 0.85):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + share * box["height"])
        rates.append(rate(page))
    assert rates == sorted(rates, reverse=True) and rates[0] > 0.2 and rates[2] < 0.01
    for key, at in (("End", HIGH), ("Home", LOW), ("ArrowUp", LOW * 1000 ** (4 / NOTCHES)), ("PageDown", LOW)):
        lever(page).press(key)
        assert rate(page) == pytest.approx(at, rel=0.01)
    assert page.evaluate("scrollY") == 0


def crash(page):
    """Fly the first level at the highest rate, turn by turn, until it is over."""
    if not page.get_by_label("turn by turn").is_checked():
        page.get_by_label("turn by turn").check()
    lever(page).press("End")
    for _ in range(TURNS):
        if "Crashed" in headline(page):
            return
        page.keyboard.press("Space")


def test_a_key_too_many_after_a_crash_neither_hides_it_nor_flies_on(opened):
    page = opened()
    crash(page)
    over = clock(page)
    assert headline(page) == f"Crashed at {over.split(' of')[0]}."
    assert f"The loss passed {CRASH:g}. {LEVELS['calm'].hint}" in heard(page)
    assert not page.locator(".lesson").is_visible() and page.locator(".stage > div .optimum[d^=M]").count() == 0
    for _ in range(3):
        page.keyboard.press("Space")
    main(page).click()
    assert clock(page) == over and headline(page).startswith("Crashed")
    page.wait_for_timeout(1100)
    lever(page).press("Space")
    assert clock(page) == f"update 0 of {STEPS}" and headline(page) == "Not flown yet."
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None


def test_a_key_that_is_held_down_is_one_press(opened):
    page = opened()
    page.get_by_label("turn by turn").check()
    for place in (lever(page), main(page)):
        before = clock(page)
        place.focus()
        for _ in range(4):
            page.keyboard.down("Enter")
        page.keyboard.up("Enter")
        assert int(clock(page).split()[1]) == int(before.split()[1]) + 10


def test_a_hidden_page_waits(opened):
    page = opened()
    page.clock.install()
    main(page).click()
    page.clock.run_for(3000)
    page.evaluate("""() => {
        Object.defineProperty(document, 'hidden', {value: true});
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    at = clock(page)
    assert 25 <= int(at.split()[1]) <= 31 and main(page).inner_text() == "Go on"
    page.clock.run_for(5000)
    assert clock(page) == at
    main(page).click()
    page.clock.run_for(1000)
    assert int(clock(page).split()[1]) > int(at.split()[1]) + 5


def test_with_less_motion_it_is_turn_by_turn_by_itself_and_each_turn_is_read_out(visit, address):
    page = visit(address)
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.locator(".lever").wait_for()
    assert page.get_by_label("turn by turn").is_checked() and main(page).inner_text() == "10 updates"
    before = page.locator(".stage b").first.inner_text()
    lever(page).press("Space")
    now = page.locator(".stage b").first.inner_text()
    assert heard(page) == f"Update 10 of {STEPS}: loss {now}, was {before}. Rate 0.100."


def test_start_over_and_the_next_level(opened):
    page = opened()
    page.get_by_label("turn by turn").check()
    other = page.locator(".bar button").nth(1)
    assert other.is_disabled()
    main(page).click()
    other.click()
    assert clock(page) == f"update 0 of {STEPS}" and other.is_disabled()
    for _ in range(TURNS):
        main(page).click()
    assert other.inner_text() == "Next level"
    other.click()
    assert page.get_by_role("radio", name="Noisy", exact=True).is_checked()
    assert page.locator(".brief").inner_text() == LEVELS["noisy"].brief
    assert page.evaluate("document.activeElement.textContent") == "10 updates"


def test_it_works_where_storage_is_refused(opened):
    page = opened(script=REFUSED)
    page.get_by_label("turn by turn").check()
    for _ in range(TURNS):
        main(page).click()
    assert page.locator(".lesson").is_visible() and "Your best so far." in page.locator(".result p").inner_text()
    assert page.get_by_text(LOST).count() == 1 and page.complaints == []


@pytest.mark.parametrize("kept", ["{", "[]", '{"calm": "gold"}', '{"calm": null}', '{"calm": -1}', '{"calm": [1]}'])
def test_what_is_kept_may_be_of_another_kind_than_expected(opened, kept):
    page = opened(script=f"localStorage.setItem('{KEY}', {json.dumps(kept)})")
    assert headline(page) == "Not flown yet." and page.complaints == []


def test_names_and_values_reach_the_accessibility_tree(opened):
    nodes = tree(opened())
    assert next(node["name"] for node in nodes if node["role"] == "group") == "The cockpit"
    assert [node["name"] for node in nodes if node["role"] == "radio"] == NAMES
    [slider] = [node for node in nodes if node["role"] == "slider"]
    assert slider["name"] == "Learning rate"
    assert slider["orientation"] == "vertical"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("state", ["start", "crash", "landed"])
def test_axe_finds_nothing_and_nothing_is_cut_off(opened, width, state):
    page = opened(width=width)
    if state == "crash":
        crash(page)
    if state == "landed":
        page.get_by_label("turn by turn").check()
        for _ in range(TURNS):
            main(page).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(page) == []


def test_a_new_width_draws_all_anew(opened):
    page = opened()
    page.get_by_label("turn by turn").check()
    for _ in range(TURNS):
        main(page).click()
    wide = page.locator(".stage .optimum").first.get_attribute("d")
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("wide => document.querySelector('.stage .optimum').getAttribute('d') !== wide", arg=wide)
    right = page.locator(".stage .optimum").first.evaluate("path => path.getBoundingClientRect().right")
    assert right <= 390
