"""The widgets in Chromium, shown as the book shows them: from their stored state, by `_static/widgets.js`."""

import json
import re

import pytest
from pages import AXE, ROOT
from test_widgets import completed

from lrsched.course import bet, cards, explore, final_quiz, quiz
from lrsched.course.chapters import CHAPTERS
from lrsched.course.chapters.step_decay.demos import step_decay

COLOURS = """
:root { --pst-color-text-base: #222832; --pst-color-text-muted: #48566b; --pst-color-border: #c9c9c9;
  --pst-color-background: #fff; --pst-color-surface: #f5f5f5; --pst-color-primary: #176de8; color-scheme: light }
@media (prefers-color-scheme: dark) { :root { --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af;
  --pst-color-border: #48566b; --pst-color-background: #14181e; --pst-color-surface: #29313d;
  --pst-color-primary: #528fe4; color-scheme: dark } }
body { font: 16px/1.65 sans-serif; margin: 1rem; color: var(--pst-color-text-base);
  background: var(--pst-color-background) }"""


def page_of(widget):
    """A page of the book, reduced to one widget and what shows it."""
    state = {"model_module": "anywidget", "state": {key: widget.get_state()[key] for key in ("content", "_esm")}}
    if hasattr(widget, "index"):
        state["state"]["index"] = widget.index
    stored = json.dumps({"state": {"1": state}})
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Step decay</title>
<meta name="viewport" content="width=device-width"><style>{COLOURS}</style></head><body><main><h1>Step decay</h1>
<h2 id="which-rate-does-the-boundary-itself-get">Which rate does the boundary itself get?</h2>
<div class="cell_output">{widget.first_frame}<noscript>{widget.without_script}</noscript>
<script type="application/vnd.jupyter.widget-view+json">{{"model_id": "1"}}</script></div>
<p id="after">After.</p></main>
<script type="application/vnd.jupyter.widget-state+json">{stored}</script>
<script>{(ROOT / "_static/widgets.js").read_text("utf-8")}</script></body></html>"""


def goes(ax, way):
    ax.plot([0, 1], [0, 1] if way == "up" else [1, 0])
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return f"It goes {way}."


@pytest.fixture(scope="module")
def widgets():
    grids = {"decay_rate": [0.1, 0.25, 0.5, 0.75, 0.9], "step_size": [10, 50]}
    start = {"decay_rate": 0.25, "step_size": 50}
    explorer = explore(step_decay, grids, title="Step decay on a noisy loss", panels=2, start=start)
    answers = {"no": "It does not.", "yes": "It does."}
    return {
        "explorer": explorer,
        "quiz": quiz("step_decay"),
        **{f"quiz {slug}": quiz(slug) for slug in CHAPTERS},
        "quiz final": final_quiz(),
        "cards": cards(),
        "bet": bet("Will it rise?", answers, name="line", right="yes", draw=completed),
        "words": explore(goes, {"way": ["up", "down"]}, title="Up or down"),
    }


@pytest.fixture(scope="module")
def addresses(widgets, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, widget in widgets.items():
        (folder / f"{name}.html").write_text(page_of(widget), "utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in widgets}


@pytest.fixture
def opened(visit, addresses):
    """`opened("quiz", script=..., **options)` shows a widget; `script` runs before the page's own."""

    def opened(name, **options):
        page = visit(addresses[name], **options)
        if options.get("javascript", True):
            page.wait_for_selector(".lrsched")
        return page

    return opened


def slider(page, name="decay rate"):
    return page.get_by_role("slider", name=name, exact=True)


def sentence(page):
    return page.get_by_role("img").get_attribute("aria-label")


def test_a_key_press_is_painted_in_the_next_frame(opened):
    page = opened("explorer")
    page.evaluate("""() => {
        let frame = 0, pressed;
        window.frames_to_paint = [];
        (function count() { frame += 1; requestAnimationFrame(count); })();
        addEventListener('keydown', () => { pressed = frame; }, true);
        new MutationObserver(() => { frames_to_paint.push(frame - pressed + 1); })
            .observe(document.querySelectorAll('[data-axes]')[1].lastChild, {childList: true});
    }""")
    slider(page).focus()
    for i in range(40):
        page.keyboard.press("ArrowRight" if i // 3 % 2 else "ArrowLeft")
        page.evaluate("() => new Promise(requestAnimationFrame)")
    frames = sorted(page.evaluate("frames_to_paint"))
    assert len(frames) >= 30  # a press at an end of the slider changes nothing
    assert frames[int(0.95 * len(frames))] <= 2


def test_a_link_moves_the_sliders_that_its_title_names(opened):
    page = opened("explorer")
    links = """after => { after.innerHTML = `<a id="good" href="#x" title="decay rate = 0.9, step size = 10">x</a>
      <a id="bad" href="#x" title="decay rate = 7">y</a>` }"""
    page.locator("#after").evaluate(links)
    page.locator("#good").focus()
    page.keyboard.press("Enter")
    values = [slider(page, name).get_attribute("aria-valuetext") for name in ("decay rate", "step size")]
    assert values == ["0.9", "10"]
    assert not page.url.endswith("#x")
    page.locator("#bad").click()
    assert slider(page).get_attribute("aria-valuetext") == "0.9"
    assert page.url.endswith("#x")


def test_play_moves_the_first_slider_to_its_end_and_stops_when_it_is_taken(opened):
    page = opened("explorer")
    page.clock.install()
    page.get_by_role("button", name="Play through decay rate").press("Enter")
    page.clock.run_for(10_000)
    assert slider(page).get_attribute("aria-valuetext") == "0.9"
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Stop").wait_for()
    slider(page).press("Home")
    assert page.get_by_role("button", name="Play").is_visible()
    page.clock.run_for(10_000)
    assert slider(page).get_attribute("aria-valuetext") == "0.1"


def test_paper_has_every_widget(visit, addresses):
    far_down = """addEventListener('DOMContentLoaded', () => { document.body.style.paddingTop = '9000px'; });
      window.script = new Promise(found => {
        const make = URL.createObjectURL;
        URL.createObjectURL = blob => { const url = make(blob); found(url); return url; };
      });"""
    page = visit(addresses["quiz"], script=far_down)
    assert page.locator(".lrsched").count() == 0
    page.evaluate("async () => { await import(await script); }")  # it is loaded a second after the page
    page.pdf()
    assert page.locator(".lrsched").count() == 1


def test_the_keys_of_a_slider(opened):
    page = opened("explorer")
    output = page.locator(".setting output").first
    slider(page).focus()
    for key, value in [
        ("ArrowRight", "0.5"),
        ("ArrowUp", "0.75"),
        ("ArrowLeft", "0.5"),
        ("ArrowDown", "0.25"),
        ("End", "0.9"),
        ("ArrowRight", "0.9"),
        ("PageDown", "0.5"),
        ("Home", "0.1"),
        ("PageUp", "0.5"),
    ]:
        page.keyboard.press(key)
        assert output.inner_text() == value
        assert sentence(page).startswith(f"Multiplied by {value} every 50 updates")
    assert page.evaluate("scrollY") == 0


def test_the_pointer_moves_a_slider(opened):
    page = opened("explorer")
    box = slider(page, "step size").bounding_box()
    page.mouse.click(box["x"] + 5, box["y"] + box["height"] / 2)
    assert "every 10 updates" in sentence(page)


def test_each_frame_shows_its_own_curves_and_its_sentence(opened, widgets):
    page, content = opened("explorer"), widgets["explorer"].content
    seen = []
    slider(page, "step size").press("Home")
    slider(page).press("Home")
    for _ in range(5):
        for key in ("Home", "End"):
            slider(page, "step size").press(key)
            assert page.locator(".caption").inner_text() == sentence(page)
            seen.append((sentence(page), page.locator("[data-axes]").last.inner_html()))
        slider(page).press("ArrowRight")
    assert [sentence for sentence, _ in seen] == content["sentences"]
    assert len({drawn for _, drawn in seen}) == 10


def tree(page):
    """The nodes of the accessibility tree: role, name and properties."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    return [
        {
            "role": node["role"]["value"],
            "name": node.get("name", {}).get("value"),
            "value": node.get("value", {}).get("value"),
            **{item["name"]: item["value"].get("value") for item in node.get("properties", ())},
        }
        for node in nodes
        if not node["ignored"]
    ]


def test_names_values_and_sentence_reach_the_accessibility_tree(opened):
    page = opened("explorer")
    slider(page).press("ArrowRight")
    nodes = tree(page)
    [group] = [node for node in nodes if node["role"] == "group"]
    assert group["name"] == "Step decay on a noisy loss"
    sliders = [node["name"] for node in nodes if node["role"] == "slider"]
    assert sliders == ["decay rate", "step size"]
    # Chromium's protocol reports a range input's place for its value text; the attribute is what is read out.
    for name, value in (("decay rate", "0.5"), ("step size", "50")):
        assert slider(page, name).get_attribute("aria-valuetext") == value
        assert value in [node["name"] for node in nodes if node["role"] == "StaticText"]
    [image] = [node for node in nodes if node["role"] in ("image", "img")]
    assert image["name"] == sentence(page) and "0.5 every 50 updates" in image["name"]


def test_the_sentence_is_announced_once_movement_stops(opened):
    page = opened("explorer")
    heard = page.locator("p[role=status]")
    assert heard.text_content() == ""
    for _ in range(3):
        slider(page).press("ArrowRight")
    assert heard.text_content() == ""
    page.wait_for_function("document.querySelector('p[role=status]').textContent")
    assert heard.text_content() == sentence(page)


@pytest.mark.parametrize("width", [1280, 390])
def test_no_frame_moves_the_page(opened, width):
    page = opened("explorer", width=width)
    places = set()
    for _ in range(5):
        for key in ("Home", "End"):
            slider(page, "step size").press(key)
            places.add(page.locator("#after").bounding_box()["y"])
        slider(page).press("ArrowRight")
    assert len(places) == 1


def test_the_picture_takes_the_colour_of_the_page(opened):
    colours = set()
    for dark in (False, True):
        page = opened("explorer", dark=dark)
        fill, text = page.evaluate("""() => [getComputedStyle(document.querySelector('svg text')).fill,
            getComputedStyle(document.body).color]""")
        assert fill == text
        colours.add(fill)
    assert len(colours) == 2


def use(page, name):
    """Bring a widget into the state that shows most."""
    if name == "explorer":
        slider(page).press("ArrowRight")
    elif name == "quiz":
        page.get_by_label("Your number").fill("0.05")
        for box in page.locator("label.choice").all():
            box.click()
        for button in page.get_by_role("button", name="Check").all():
            button.click()
    else:
        page.get_by_role("button", name="Show the answer").click()


@pytest.mark.parametrize("name", ["explorer", "quiz", "cards"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(opened, name, dark, width):
    page = opened(name, dark=dark, width=width)
    page.add_script_tag(path=AXE)
    for step in (lambda: None, lambda: use(page, name)):
        step()
        found = page.evaluate("async () => (await axe.run(document)).violations")
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.complaints == []


@pytest.mark.parametrize("name", ["explorer", "quiz", "cards"])
def test_touch_targets_are_large(opened, name):
    page = opened(name, width=390)
    targets = page.locator(".lrsched button, .lrsched label.choice, .lrsched input:not(.choice *)").all()
    assert targets
    for target in targets:
        assert target.bounding_box()["height"] >= 43.9


def test_without_javascript_all_content_is_there(opened, widgets):
    page = opened("explorer", javascript=False)
    assert page.locator("figure svg").is_visible()
    assert page.locator(".caption span").inner_text().startswith("Multiplied by 0.25 every 50 updates")
    page = opened("quiz", javascript=False)
    assert page.locator("details").count() == len(widgets["quiz"].content["questions"])
    page.locator("summary").first.click()
    assert page.locator("details[open]").inner_text().startswith("Answer\nRight: 0.025. Two whole periods of 10")
    page = opened("cards", javascript=False)
    page.locator("summary").first.click()
    assert page.locator("details[open]").inner_text().startswith("learning rate\n\nThe factor that multiplies")


def question(page, number):
    return page.locator("fieldset").nth(number - 1)


def verdict(page, number):
    return question(page, number).get_by_role("status").inner_text()


def check(page, number):
    page.get_by_role("button", name=f"Check question {number}").press("Enter")


def score(page):
    return page.locator(".foot p").inner_text()


TEXT_OF = "html => Object.assign(document.createElement('p'), {innerHTML: html}).textContent"


def test_every_answer_gets_its_own_sentence(opened, widgets):
    page = opened("quiz")
    replies = 0
    for number, asked in enumerate(widgets["quiz"].content["questions"], start=1):
        for option in asked["options"]:
            if asked["kind"] == "number":
                middle = (option["low"] + option["high"]) / 2 if "low" in option else 12345
                question(page, number).get_by_label("Your number").fill(str(middle))
            else:
                question(page, number).locator(f"input[value='{option['id']}']").check()
            check(page, number)
            reply = question(page, number).get_by_role("status").text_content()
            bare = page.evaluate(TEXT_OF, option["feedback"])
            assert bare in reply
            if asked["kind"] != "several":
                assert reply.startswith("Right." if option.get("right") else "Not yet.")
            replies += 1
    assert replies == sum(len(asked["options"]) for asked in widgets["quiz"].content["questions"])


def test_several_answers_are_right_only_together(opened, widgets):
    page = opened("quiz")
    asked = widgets["quiz"].content["questions"][3]
    first, second = (
        question(page, 4).locator(f"input[value='{option['id']}']")
        for option in asked["options"]
        if option.get("right")
    )
    first.check()
    check(page, 4)
    assert verdict(page, 4).startswith("Not yet.")
    second.check()
    assert verdict(page, 4) == ""  # a changed answer has no verdict
    check(page, 4)
    assert verdict(page, 4).startswith("Right.")


QUIZZES = [f"quiz {slug}" for slug in (*CHAPTERS, "final")]


@pytest.mark.parametrize("name", QUIZZES)
def test_each_quiz_can_be_taken_by_keyboard_alone(opened, widgets, name):
    page = opened(name)
    for number, asked in enumerate(widgets[name].content["questions"], start=1):
        rights = {option.get("id") for option in asked["options"] if option.get("right")}
        page.keyboard.press("Tab")
        if asked["kind"] == "number":
            right = next(option for option in asked["options"] if option.get("right"))
            page.keyboard.type(f"{(right['low'] + right['high']) / 2:.6g}")
        elif asked["kind"] == "one":
            page.keyboard.press("Space")
            while page.evaluate("document.activeElement.value") not in rights:
                page.keyboard.press("ArrowDown")
        else:
            for i in range(len(asked["options"])):
                if i:
                    page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.value") in rights:
                    page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert verdict(page, number).startswith("Right.")
    assert score(page) == f"{len(widgets[name].content['questions'])} of {number} right"
    assert page.complaints == []


def order(page, number):
    return [box.get_attribute("value") for box in question(page, number).locator("input").all()]


def test_every_reader_has_an_order_of_options(opened, widgets):
    places, orders = set(), set()
    for seed in range(16):
        page = opened("quiz", script=f"localStorage.setItem('lrsched:seed', {seed * 7919})")
        asked = widgets["quiz"].content["questions"][2]
        ids = [option["id"] for option in asked["options"]]
        assert sorted(order(page, 3)) == sorted(ids)
        places.add(order(page, 3).index(next(option["id"] for option in asked["options"] if option.get("right"))))
        orders.add(tuple(order(page, 3)))
    assert places == {0, 1, 2, 3} and len(orders) >= 6


def test_the_order_of_a_reader_is_drawn_once(opened):
    page = opened("quiz")
    orders = [order(page, number) for number in range(2, 8)]
    seed = page.evaluate("localStorage.getItem('lrsched:seed')")
    page.reload()
    page.wait_for_selector(".lrsched")
    assert [order(page, number) for number in range(2, 8)] == orders
    assert page.evaluate("localStorage.getItem('lrsched:seed')") == seed


@pytest.mark.parametrize("typed", ["7500", "7,500", "7 500", "7'500", "7500.0", "7,500.0", "7.5e3"])
def test_thousands_may_be_parted(opened, widgets, typed):
    questions = widgets["quiz final"].content["questions"]
    number = next(i for i, asked in enumerate(questions, start=1) if "every 30 epochs" in asked["text"])
    page = opened("quiz final")
    question(page, number).get_by_label("Your number").fill(typed)
    check(page, number)
    assert verdict(page, number).startswith("Right.")


@pytest.mark.parametrize("typed", ["0.025", " .025 ", "0,025", "2.5e-2", "0.02 5"])
def test_a_number_may_be_written_in_several_ways(opened, typed):
    page = opened("quiz")
    page.get_by_label("Your number").fill(typed)
    page.keyboard.press("Enter")
    assert verdict(page, 1).startswith("Right.")


def test_no_answer_is_no_mistake(opened):
    page = opened("quiz")
    page.get_by_label("Your number").fill("a half")
    check(page, 1)
    check(page, 2)
    assert verdict(page, 1) == "Write a number, such as 0.05 or 1000."
    assert verdict(page, 2) == "Choose an answer first."
    assert score(page) == "0 of 7 right"


def test_the_quiz_by_keyboard_alone_is_kept_over_a_reload_and_begins_again(opened):
    page = opened("quiz")
    page.keyboard.press("Tab")
    page.keyboard.type("0.025")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    while not page.get_by_label("Update 11").is_checked():
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    before = [verdict(page, number) for number in (1, 2)]
    assert before[0].startswith("Right.") and before[1].startswith("Not yet. Update 11 uses 0.05 too")
    assert score(page) == "1 of 7 right, 5 to go; read again: Which rate does the boundary itself get?"
    link = page.get_by_role("link", name="Which rate does the boundary itself get?")
    assert page.locator(link.get_attribute("href")).count() == 1
    page.reload()
    page.wait_for_selector(".lrsched")
    assert [verdict(page, number) for number in (1, 2)] == before
    assert page.get_by_label("Your number").input_value() == "0.025"
    assert page.get_by_label("Update 11").is_checked()
    page.get_by_role("button", name="Start again").press("Space")
    assert score(page) == "0 of 7 right" and verdict(page, 1) == ""
    page.reload()
    page.wait_for_selector(".lrsched")
    assert score(page) == "0 of 7 right" and page.get_by_label("Your number").input_value() == ""


def test_questions_have_a_group_a_name_and_a_verdict_that_is_announced(opened):
    page = opened("quiz")
    nodes = tree(page)
    names = [node["name"] for node in nodes if node["role"] == "group"]
    assert names[0] == "Quiz: step decay" and names[2].startswith("2. Which update is the first to use")
    assert {"Update 9", "Update 10", "Update 11"} <= {node["name"] for node in nodes if node["role"] == "radio"}
    assert question(page, 2).get_by_role("status").count() == 1


REFUSED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }});"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
LOST = "This browser keeps nothing for this page: after a reload you start again."
UNREADABLE = "What was kept here cannot be read, so you start again."


def damaged(text):
    keys = ["lrsched:quiz:step_decay", "lrsched:cards"]
    return f"for (const key of {json.dumps(keys)}) localStorage.setItem(key, {json.dumps(text)});"


def answer_some(page, name):
    for number in (2, 3) if name == "quiz" else range(2):
        if name == "quiz":
            question(page, number).get_by_role("radio").first.check()
            check(page, number)
        else:
            page.get_by_role("button", name="Show the answer").click()
            page.get_by_role("button", name="I knew it").click()
    assert ", 5 to go" in score(page) if name == "quiz" else page.locator(".boxes strong").nth(1).inner_text() == "2"


@pytest.mark.parametrize("name", ["quiz", "cards"])
@pytest.mark.parametrize(
    "script, trouble",
    [(REFUSED, LOST), (FULL, LOST)] + [(damaged(text), UNREADABLE) for text in ("{", "null", "[]", "5", "")],
    ids=["refused", "full", "cut", "null", "list", "number", "empty"],
)
def test_all_works_without_storage_and_this_is_said_once(opened, name, script, trouble):
    page = opened(name, script=script)
    answer_some(page, name)
    assert page.get_by_text(trouble).count() == 1
    assert page.get_by_text(re.compile("start again\\.$")).count() == 1
    assert page.complaints == []


@pytest.mark.parametrize("name", ["quiz", "cards"])
def test_what_is_kept_may_be_of_another_kind_than_expected(opened, widgets, name):
    keys = [asked["key"] for asked in widgets["quiz"].content["questions"]]
    stored = {"round": "one", "places": {"learning-rate": [99, -1], "update": 3, "batch": None}}
    stored |= dict(zip(keys, [5, "text", [99], {"0": 1}, None, [], [-1]], strict=True))
    page = opened(name, script=damaged(json.dumps(stored)))
    answer_some(page, name)
    assert page.complaints == []


def card(page):
    return page.locator(".front").inner_text()


def test_cards_by_keyboard_alone_return_later_the_better_they_are_known(opened, widgets):
    page = opened("cards")
    terms = [made["front"] for made in widgets["cards"].content["cards"]]
    page.keyboard.press("Tab")
    for term in terms:  # the first round: know all but two
        assert "<" in term or card(page) == term
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        if term not in ("batch", "epoch"):
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
    assert card(page) == "All cards of this round are sorted."
    page.keyboard.press("Enter")
    assert score(page) == f"Round 2: 2 of {len(terms)} cards left" and card(page) == "batch"
    page.reload()
    page.wait_for_selector(".lrsched")
    assert score(page) == f"Round 2: 2 of {len(terms)} cards left" and card(page) == "batch"
    for _ in ("batch", "epoch"):
        page.get_by_role("button", name="Show the answer").press("Space")
        page.get_by_role("button", name="Again", exact=True).press("Enter")
    page.get_by_role("button", name="Next round").press("Enter")
    assert score(page) == f"Round 3: {len(terms)} of {len(terms)} cards left"
    assert page.locator(".boxes strong").all_inner_texts() == ["2", str(len(terms) - 2), "0", "0"]


def test_a_card_is_flipped_announced_and_judged_only_then(opened):
    page = opened("cards")
    flip = page.get_by_role("button", name="Show the answer")
    assert page.get_by_role("button", name="I knew it").is_disabled()
    assert flip.get_attribute("aria-expanded") == "false"
    flip.press("Enter")
    assert page.locator(".card [role=status]").inner_text().startswith("The factor that multiplies")
    page.get_by_role("button", name="Hide the answer").press("Enter")
    assert page.locator(".card [role=status]").inner_text() == ""
    page.locator(".card").click()
    page.get_by_role("button", name="I knew it").press("Enter")
    assert page.locator("p.heard").text_content() == "gradient descent"
    assert page.evaluate("document.activeElement.textContent") == "Show the answer"


def test_a_card_with_a_picture_is_told_in_words(opened, widgets):
    page = opened("cards")
    for made in widgets["cards"].content["cards"]:
        if "heard" in made:
            break
        page.get_by_role("button", name="Show the answer").press("Enter")
        page.get_by_role("button", name="I knew it").press("Enter")
    assert page.locator(".front svg").is_visible()
    assert page.locator("p.heard").text_content() == made["heard"]


def test_a_bet_by_keyboard_replies_completes_the_picture_and_is_kept(opened, widgets):
    page = opened("bet")
    first, *_ = page.locator(".answer").all()
    assert page.locator("figure svg").get_attribute("aria-label") == "It rises to 1."
    first.focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("status").first.inner_text() == "It does not. Bet again"
    assert first.get_attribute("aria-pressed") == "true"
    assert page.locator("figure svg").get_attribute("aria-label") == "It rises to 2."
    page.locator(".answer").nth(1).click(force=True)  # a second bet is none
    assert first.get_attribute("aria-pressed") == "true"
    page.reload()
    page.locator(".answer[aria-pressed=true]").wait_for()
    assert page.locator("figure svg").get_attribute("aria-label") == "It rises to 2."
    page.get_by_role("button", name="Bet again").press("Enter")
    assert page.evaluate("document.activeElement.className") == "answer"
    assert page.locator("figure svg").get_attribute("aria-label") == "It rises to 1."
    page.reload()
    assert page.locator(".answer[aria-pressed=true]").count() == 0


def test_a_widget_takes_the_place_of_its_first_frame_without_a_move(opened):
    for name in ("bet", "explorer"):
        before = opened(name, javascript=False).locator(".lrsched figure").bounding_box()
        page = opened(name)
        page.locator(".lrsched:not(.first-frame)").wait_for()
        assert page.locator(".first-frame").count() == 0
        if name == "bet":  # without JavaScript an explorer's sliders leave their room
            assert page.locator(".lrsched figure").bounding_box() == pytest.approx(before, abs=1)


def test_words_are_chosen_by_buttons(opened):
    page = opened("words")
    page.get_by_role("radio", name="down").press("Space")
    assert sentence(page) == "It goes down."
    assert page.get_by_role("slider").count() == 0
