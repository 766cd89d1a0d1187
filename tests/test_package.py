"""What `import lrsched` offers, and what it costs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import lrsched
from lrsched import schedules

ROOT = Path(__file__).resolve().parents[1]


def test_every_public_schedule_is_exported():
    public = {
        n for n, v in vars(schedules).items() if n[0] != "_" and getattr(v, "__module__", "") == schedules.__name__
    }
    assert {*lrsched._PUBLIC["schedules"]} == public | {"Schedule"}


def test_exported_names_lead_to_what_they_name():
    for name in lrsched.__all__:
        assert getattr(lrsched, name).__name__ == name
    for module in lrsched._PUBLIC:
        assert getattr(lrsched, module).__name__ == f"lrsched.{module}"
    assert {"CosineDecay", "schedules"} <= set(dir(lrsched))


def test_import_loads_numpy_at_most():
    code = "import sys, lrsched; print({'matplotlib', 'IPython', 'scipy', 'lrsched.schedules'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="module 'lrsched' has no attribute 'Cosine'"):
        lrsched.Cosine  # noqa: B018


def test_docstrings_cite_what_the_bibliography_holds():
    held = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text(), re.MULTILINE))
    cited = {key for path in ROOT.glob("lrsched/**/*.py") for key in re.findall(r"\[(\w+)\]_", path.read_text())}
    assert cited and cited <= held


def test_the_readme_prints_what_its_code_prints(capsys):
    readme = (ROOT / "README.md").read_text()
    code, printed = re.search(r"```python\n(import numpy.*?)```\n\n```\n(.*?)```", readme, re.DOTALL).groups()
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == printed
