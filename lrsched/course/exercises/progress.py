"""What has been solved: kept in a small file in the working folder, and in a code to type in elsewhere.

The file maps a chapter's slug to the states of its tasks. States only rise, and what the file holds is never
thrown away. ``LRSCHED_PROGRESS=off`` in the environment does without the file.
"""

import errno
import json
import os
import zlib
from itertools import count
from pathlib import Path

STATES = ("untouched", "tried", "solution seen", "done")
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O and U, which are misread
MOST_BYTES = 1_000_000  # of a file that is ours: it is read at every check

memory: dict[str, dict[str, str]] = {}
troubles: set[str] = set()  # the sentences that the reader has seen


def states(chapter: str, names: list[str]) -> dict[str, str]:
    return {name: memory.get(chapter, {}).get(name, STATES[0]) for name in names}


def record(chapter: str, changed: dict[str, str]) -> str:
    """Raise the states of tasks; the rest as `sync`."""
    memory.update(merged(memory, {chapter: changed}))
    return sync()


def sync() -> str:
    """Bring memory and file together. Return a sentence, only once, if that did not go well."""
    if os.environ.get("LRSCHED_PROGRESS") == "off":
        return ""
    path, on_file, trouble = Path(".lrsched-progress.json"), {}, ""
    try:
        try:
            on_file = read(path)
        except ValueError:
            asides = (path.with_suffix(f".damaged-{i}.json") for i in count(1))
            aside = path.rename(next(aside for aside in asides if not aside.exists()))
            trouble = f"The file of your progress was damaged: it is kept as `{aside}`, and a new one is begun."
        memory.update(merged(memory, on_file))
        if memory != on_file:
            path.touch()  # fails where the file may not be written
            draft = path.with_suffix(".new")
            draft.write_text(json.dumps(memory, indent=1), encoding="utf-8")
            draft.replace(path)
    except OSError as error:
        trouble = (
            f"Your progress cannot be kept in `{path}` ({error.strerror}): "
            "before you close this notebook, note the code that `summary()` shows."
        )
    if trouble in troubles:
        return ""
    troubles.add(trouble)
    return trouble


def read(path: Path) -> dict[str, dict[str, str]]:
    """The content of the file; ValueError if it is damaged."""
    if not path.exists():
        return {}
    if not path.is_file():
        raise OSError(errno.EINVAL, "it is not a file")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError
    try:
        content = json.loads(path.read_bytes() or "{}")
    except RecursionError:
        raise ValueError from None
    if not isinstance(content, dict) or not all(map(_are_states, content.values())):
        raise ValueError
    return content


def _are_states(tasks: object) -> bool:
    return isinstance(tasks, dict) and all(isinstance(state, str) and state in STATES for state in tasks.values())


def merged(one: dict, other: dict) -> dict:
    """For each task the higher of its two states."""
    result = {}
    for chapter in {**one, **other}:
        names = {**one.get(chapter, {}), **other.get(chapter, {})}
        pairs = ((c.get(chapter, {}).get(name, STATES[0]) for c in (one, other)) for name in names)
        result[chapter] = {name: max(pair, key=STATES.index) for name, pair in zip(names, pairs, strict=True)}
    return result


def code(chapter: str, states: dict[str, str]) -> str:
    """The resume code of a chapter: two bits a task and a checksum, in letters of five bits."""
    number = sum(STATES.index(state) * 4**i for i, state in enumerate(states.values()))
    number = number * 1024 + checksum(chapter, number)
    letters = ""
    while number:
        number, digit = divmod(number, 32)
        letters = LETTERS[digit] + letters
    return f"{chapter}-{letters}"


def slug_of(code: str) -> str:
    """The chapter of a resume code."""
    return code.rpartition("-")[0].lower()


def decoded(code: str, names: list[str]) -> dict[str, str] | None:
    """The states in a resume code, or None if it was mistyped."""
    letters = code.rpartition("-")[2].upper().translate(str.maketrans("OIL", "011"))
    if not set(letters) <= set(LETTERS) or len(letters) > 2 + len(names):
        return None
    number = 0
    for letter in letters:
        number = number * 32 + LETTERS.index(letter)
    number, check = divmod(number, 1024)
    if check != checksum(slug_of(code), number) or number >= 4 ** len(names):
        return None
    return {name: STATES[number // 4**i % 4] for i, name in enumerate(names)}


def checksum(chapter: str, number: int) -> int:
    return zlib.crc32(f"{chapter} {number}".encode()) % 1023 + 1
