"""What `import lrsched` offers, to people and to their tools, and what it costs."""

import ast
import inspect
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import lrsched
from lrsched import plotting, schedules

ROOT = Path(__file__).resolve().parents[1]


def own_names(module):
    """The public classes and functions that a module defines."""
    return {
        name
        for name, value in vars(module).items()
        if name[0] != "_" and callable(value) and getattr(value, "__module__", "") == module.__name__
    }


def test_every_public_schedule_is_exported():
    assert {*schedules.__all__} == own_names(schedules) | {"Schedule", "rates"}


def test_what_a_module_exports_the_package_exports():
    names = {name for module in lrsched._CORE for name in import_module(f"lrsched.{module}").__all__}
    assert names - {"POOL", "images_and_labels"} == {*lrsched.__all__}


def test_exported_names_lead_to_what_they_name():
    for name in lrsched.__all__:
        assert getattr(lrsched, name).__name__ == name
    for name in lrsched._MODULES:
        assert getattr(lrsched, name).__name__ == f"lrsched.{name}"
    assert {*lrsched.__all__, *lrsched._MODULES, "__version__"} <= {*dir(lrsched)}


def test_what_an_editor_reads_is_what_runs():
    """The imports that only a type checker sees lead to the objects that Python finds."""
    [block] = [node for node in ast.parse(inspect.getsource(lrsched)).body if isinstance(node, ast.If)]
    assert block.test.id == "TYPE_CHECKING"
    imports = {alias.name: node.module for node in block.body for alias in node.names}
    assert {*imports} == {*lrsched.__all__, "plotting", "course"}
    for name, module in imports.items():
        assert getattr(lrsched, name) is getattr(import_module(module), name)


def test_no_module_has_the_name_of_a_function():
    modules = {path.stem for path in (ROOT / "lrsched").glob("*.py")}
    assert not modules & {*lrsched.__all__}
    assert not [name for name in modules if re.match("test_|.*_test$", name)], "pytest would collect it"


def test_import_loads_numpy_at_most():
    code = (
        "import sys, numpy; before = {*sys.modules}; from lrsched import *\n"
        "print(sorted({name.partition('.')[0] for name in {*sys.modules} - before} - {*sys.stdlib_module_names}))\n"
        "print('concurrent.futures' in {*sys.modules} - before)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout
    assert printed == "['lrsched']\nFalse\n"


def test_a_schedule_costs_little_more_than_numpy():
    """In processor time: the least of several runs in turn, so that a busy machine slows both alike."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def seconds(statement):
        code = f"from time import process_time as now; start = now(); {statement}; print(now() - start)"
        return float(subprocess.check_output([sys.executable, "-c", code], env=environment, cwd=ROOT))

    statements = "import numpy", "from lrsched import CosineDecay"
    rounds = []
    for _ in range(60):
        rounds.append([seconds(statement) for statement in statements])
        numpy, ours = map(min, zip(*rounds, strict=True))
        if len(rounds) > 3 and ours <= 1.25 * numpy:
            break
    assert ours <= 1.25 * numpy


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="module 'lrsched' has no attribute 'Cosine'"):
        lrsched.Cosine  # noqa: B018


def test_there_is_one_version():
    assert f"\nversion: {lrsched.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert 'version = {attr = "lrsched.__version__"}' in (ROOT / "pyproject.toml").read_text()


def public():
    """Every public class and function, and their public methods and properties, by name."""
    for module in (lrsched, plotting):
        for name in module.__all__:
            value = getattr(module, name)
            if callable(value):
                yield f"{module.__name__}.{name}", value
            if inspect.isclass(value):
                for attribute in dir(value):
                    member = inspect.getattr_static(value, attribute)
                    member = member.fget if isinstance(member, property) else member
                    if attribute[0] != "_" and inspect.isfunction(member):
                        yield f"{module.__name__}.{name}.{attribute}", member


PUBLIC = dict(public())


@pytest.mark.parametrize("name", PUBLIC)
def test_every_argument_is_explained(name):
    docscrape = pytest.importorskip("numpydoc.docscrape")
    value = PUBLIC[name]
    doc = docscrape.NumpyDocString(inspect.getdoc(value) or "")
    assert doc["Summary"]
    if getattr(value, "_is_protocol", False) or value is lrsched.Schedule:
        return  # not to be called
    parameters = [p for p in inspect.signature(value).parameters.values() if p.name != "self"]
    names = [f"**{p.name}" if p.kind == p.VAR_KEYWORD else p.name for p in parameters]
    assert [name.strip() for entry in doc["Parameters"] for name in entry.name.split(",")] == names
    assert all("".join(entry.desc).strip() for entry in doc["Parameters"])
    if inspect.isfunction(value) and names and inspect.signature(value).return_annotation is not None:
        assert doc["Returns"] or doc["Yields"]


@pytest.mark.parametrize("name", [name for name, value in PUBLIC.items() if value.__qualname__ == value.__name__])
def test_an_example_stands(name):
    """Doctest runs it. The protocols share one, in which all three are used."""
    value = PUBLIC[name]
    holder = lrsched.interfaces if value.__module__ == "lrsched.interfaces" else value
    assert ">>> " in inspect.getdoc(holder)


def test_docstrings_cite_what_the_bibliography_holds():
    keys = set(re.findall(r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text(), re.MULTILINE))
    citations = {key for path in ROOT.glob("lrsched/**/*.py") for key in re.findall(r"\[(\w+)\]_", path.read_text())}
    assert citations and citations <= keys


def test_the_readme_prints_what_its_code_prints(capsys):
    readme = (ROOT / "README.md").read_text()
    code, printed = re.search(r"```python\n(import numpy.*?)```\n\n```\n(.*?)```", readme, re.DOTALL).groups()
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == printed
