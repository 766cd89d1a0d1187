"""What leads from page to page: the map of the course, and what comes after a chapter."""

from IPython.display import Markdown

from lrsched.course.chapters import CHAPTERS, PARTS, TO_COME, chapter


def course_map(folder: str = "chapters") -> Markdown:
    """All chapters with their questions, and what is to come; `folder` is where their notebooks are."""
    lines = []
    for part, chapters in PARTS.items():
        lines += [
            f"**{part}**",
            "",
            *(f"- [{one.title}]({folder}/{one.slug}.ipynb): {one.question}" for one in chapters),
            "",
        ]
    return Markdown("\n".join([*lines[:-1], f"- *To come:* {', '.join(TO_COME)}"]))


def next_chapter(slug: str) -> Markdown:
    """What comes after the chapter `slug`.

    >>> next_chapter("why_decay").data
    '**Next:** [Step decay](step_decay.ipynb). Why does the loss fall off a cliff when the rate drops?'
    """
    slugs = list(CHAPTERS)
    at = slugs.index(chapter(slug).slug) + 1
    if at == len(slugs):
        return Markdown("**Next:** your own training, and the [final quiz](final_quiz.ipynb).")
    following = CHAPTERS[slugs[at]]
    return Markdown(f"**Next:** [{following.title}]({following.slug}.ipynb). {following.question}")
