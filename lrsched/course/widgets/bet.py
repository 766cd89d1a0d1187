"""A bet: the reader predicts before the picture completes itself, and gets a reply to whatever was predicted."""

import re
from collections.abc import Callable, Mapping

import matplotlib

from lrsched import plotting
from lrsched.course.markup import to_html
from lrsched.course.widgets.explorer import Stage, assembled, split
from lrsched.course.widgets.widget import Widget, script, text

INVITATION = "Place a bet, and the picture completes itself."


class Bet(Widget):
    """What `bet` returns."""

    _esm = script("bet")


def bet(
    question: str,
    replies: Mapping[str, str],
    *,
    name: str,
    right: str,
    draw: Callable[..., str] | None = None,
    panels: int = 1,
    leads: str = "",
) -> Bet:
    """Return a question with an answer to choose, a reply to each, and a picture that completes itself.

    Parameters
    ----------
    question : str
        What the reader predicts.
    replies : mapping of str to str
        A reply for each answer; ``$...$`` is mathematics.
    name : str
        The slug of the chapter: by it the browser knows the reader's bet.
    right : str
        The answer that came true.
    draw : callable, optional
        ``draw(axes, complete)`` draws the picture before (False) and after the bet (True), and returns a sentence
        that says what is seen, as for `explore`.
    panels : int
        The panels of the picture.
    leads : str, optional
        A setting of the page's demo, such as ``"rate = 0.4"``, to which the bet moves it.

    >>> bet("Heads or tails?", {"Heads": "It was tails.", "Tails": "It was."}, name="coin", right="Tails")
    Bet(coin: 2 answers; ...)
    """
    if right not in replies or len(replies) < 2:
        raise ValueError(f"right must be one of at least two answers, {list(replies)}, got {right!r}")
    base, frames, sentences, preview = "", [], [], ""
    if draw:
        with matplotlib.rc_context(plotting.STYLE):
            stage = Stage(draw, panels, True, {"complete": False})
            pictures = [stage.picture({"complete": complete}) for complete in (False, True)]
        base, frames = split(stage.scene, [picture for picture, _ in pictures])
        sentences, preview = [sentence for _, sentence in pictures], stage.png
    answers = [{"text": text, "reply": to_html(reply), "right": text == right} for text, reply in replies.items()]
    first = _first_frame(question, answers, stage.still if draw else "")
    content = {"name": name, "html": first, "answers": answers, "leads": leads}
    widget = Bet(content=content | {"base": base, "frames": frames, "sentences": sentences})
    widget.summary = f"{name}: {len(answers)} answers"
    widget.first_frame = first
    widget.without_script = _solution(answers, assembled(base, frames[1], sentences[1]) if draw else "")
    widget.preview = preview
    return widget


def _first_frame(question: str, answers: list[dict], picture: str) -> str:
    style = text("look.css") + text("bet.css")
    figure = f'<figure class="picture">{picture}</figure>' if picture else ""
    buttons = "".join(
        f'<button type="button" class="answer" aria-pressed="false">{to_html(answer["text"])}</button>'
        for answer in answers
    )
    longest = max((answer["reply"] for answer in answers), key=len)
    return (
        f'<div class="lrsched first-frame bet wide" role="group" aria-label="A bet"><style>{style}</style>{figure}'
        f'<div class="stake"><p class="question"><b class="headline">Place your bet</b> {to_html(question)}</p>'
        f'{buttons}</div><div class="reply"><p role="status"><span class="quiet">{INVITATION}</span></p>'
        f'<p class="room" aria-hidden="true">{longest} <span class="again">Bet again</span></p></div></div>'
    )


def _solution(answers: list[dict], picture: str) -> str:
    own = re.sub(r'(id="|#)(?=i[0-9a-f]{8}\b)', r"\1solution-", picture)  # the first frame has the same clips
    figure = f"<figure>{own}</figure>" if picture else ""
    replies = "".join(
        f"<dt>{to_html(answer['text'])}{' (right)' if answer['right'] else ''}</dt><dd>{answer['reply']}</dd>"
        for answer in answers
    )
    return f"<details><summary>What happened, and a reply to each bet</summary>{figure}<dl>{replies}</dl></details>"
