"""What a stranger's machine needs to know: Binder's environment, the workflow, the `make` targets."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from urllib.parse import urlsplit

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pages import ROOT, command
from pyodide_packages import hollow_wheel


@pytest.fixture(scope="module")
def dockerfile():
    """The Dockerfile that Binder would build for this repository."""
    asked = subprocess.run(
        [command("jupyter-repo2docker"), "--no-build", "--debug", ROOT], capture_output=True, text=True
    )
    assert asked.returncode == 0, asked.stderr[-2000:]
    return asked.stdout + asked.stderr


def test_binder_takes_a_python_that_the_package_allows(dockerfile):
    assert "environment-2epy-2d3-2e11-2dlinux" in dockerfile  # environment.py-3.11-linux, as it escapes it


def test_binder_installs_the_requirements_and_the_package(dockerfile):
    copied = dockerfile.index("COPY --chown=0:0 src/ ")
    assert 'pip install --no-cache-dir -r "requirements.txt"' in dockerfile[copied:]
    assert "-e .[course]" in (ROOT / "requirements.txt").read_text().splitlines()


def test_binder_pins_everything_that_it_installs():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith(("#", "-e"))]
    assert [line for line in lines if "==" not in line] == ["-c constraints.txt"]


def version_locks():
    """The lines of constraints.txt that hold for this Python, by name."""
    lines = map(Requirement, (ROOT / "constraints.txt").read_text().splitlines())
    return {canonicalize_name(line.name): line for line in lines if not line.marker or line.marker.evaluate()}


def declared(*, live=False):
    """The requirements of pyproject.toml and requirements.txt, with those of what is only compared with if `live`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    names = extras if live else ("course", "book", "test", "lite")
    lines = [*project["dependencies"], *(line for name in names for line in extras[name])]
    lines += [line for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line]
    return [Requirement(line) for line in lines]


def test_lock_has_a_version_of_all_that_is_declared():
    locks = version_locks()
    versions = {name: str(lock.specifier).removeprefix("==") for name, lock in locks.items()}
    asked = [(canonicalize_name(need.name), need.specifier) for need in declared()]
    assert [name for name, allowed in asked if versions.get(name) not in allowed] == [], "write it anew: make lock"


def test_everything_installed_has_the_version_of_the_lock():
    """All that a declared requirement needs here, and what that needs in turn; the extra `lite` may be missing."""
    locks, seen, todo = version_locks(), {}, declared()
    while todo:
        need = todo.pop()
        name = canonicalize_name(need.name)
        extras = {"", *need.extras}
        if extras <= seen.setdefault(name, set()):
            continue
        seen[name] |= extras
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue
        assert name in locks, f"{name} is not in constraints.txt: make lock"
        assert installed.version in locks[name].specifier, f"{name} {installed.version} is not the one of the lock"
        needs = map(Requirement, installed.requires or ())
        todo += [n for n in needs if not n.marker or any(n.marker.evaluate({"extra": extra}) for extra in extras)]
    assert len(seen) > 150


def test_lock_names_versions_and_nothing_else():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [\w '().<>=!]+)?", line)] == []


def test_browser_gets_the_versions_of_the_lock():
    locks = version_locks()
    for line in (ROOT / "lite/wheels.txt").read_text().splitlines()[1:]:
        name, version = line.split()[0].split("==")
        assert version in locks[name].specifier, line


@pytest.mark.parametrize("locked", [True, False])
def test_a_release_newer_than_the_lock_is_not_taken(locked, tmp_path):
    """With the options of requirements.txt, which `make` and Binder hand to pip."""
    (lock,) = version_locks()["six"].specifier
    for version in (lock.version, "99"):
        hollow_wheel(tmp_path, "six", version)
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    options = [line for line in lines if re.match("-[^e]", line)] if locked else []
    (tmp_path / "requirements.txt").write_text("\n".join([*options, "six"]))
    command = "install --dry-run --quiet --ignore-installed --report - --no-index --find-links . -r requirements.txt"
    pip = [sys.executable, "-m", "pip", *command.split()]
    done = subprocess.run(pip, cwd=tmp_path, capture_output=True, text=True, check=True)
    (package,) = json.loads(done.stdout)["install"]
    assert package["metadata"]["version"] == (lock.version if locked else "99")


def imported(path):
    """The modules at top level that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
        yield from (name.split(".")[0] for name in names)


def test_everything_imported_is_declared():
    names = {canonicalize_name(need.name) for need in declared(live=True)} | {"lrsched"}
    distributions = packages_distributions()
    paths = [path for folder in ("lrsched", "_ext", "tools", "tests") for path in (ROOT / folder).rglob("*.py")]
    found = {module: path.relative_to(ROOT) for path in paths for module in imported(path)}
    assert len(found) > 50
    for module, path in found.items():
        owners = {canonicalize_name(name) for name in distributions.get(module, ())}
        assert not owners or owners & names, f"{path} imports {module}, which no list of packages names"


WORKFLOWS = ROOT / ".github/workflows"


def jobs(name):
    return yaml.safe_load((WORKFLOWS / name).read_text())["jobs"]


def test_workflows_have_no_fault():
    found = subprocess.run([command("actionlint"), "-no-color"], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_actionlint_would_find_a_fault(tmp_path):
    workflow = (WORKFLOWS / "book.yml").read_text().replace("needs: [package", "needs: [packages")
    (tmp_path / "book.yml").write_text(workflow)
    found = subprocess.run([command("actionlint"), tmp_path / "book.yml"], capture_output=True)
    assert found.returncode != 0


def test_workflow_publishes_the_book_that_it_has_tested_and_nothing_before_all_is_tested():
    publish = jobs("book.yml").pop("publish")
    others = {name: job for name, job in jobs("book.yml").items() if name != "publish"}
    assert set(publish["needs"]) == set(others)
    assert not any("needs" in job for job in others.values())  # side by side
    steps = others["book"]["steps"]
    builds, tests, uploads = (next(i for i, step in enumerate(steps) if text in str(step)) for text in BOOK_STEPS)
    assert builds < tests < uploads
    assert steps[tests]["env"]["BOOK_FOLDER"] == steps[uploads]["with"]["path"] == "_build/html"


BOOK_STEPS = "make site || make book", "make test-book", "upload-pages-artifact"


def test_every_check_runs_in_a_workflow():
    makefile = (ROOT / "Makefile").read_text()
    verbs = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split())
    checks = {verb for verb in verbs if verb.startswith("test-")} | verbs & {"links", "parity", "frameworks", "mutants"}
    weekly = jobs("weekly.yml")
    matrix = set(weekly["check"]["strategy"]["matrix"]["verb"])
    run, own = (
        {step.get("run", "").removeprefix("make ") for job in some.values() for step in job["steps"]}
        for some in (jobs("book.yml"), weekly)
    )
    assert checks - run == matrix | (own & checks)
    assert set(re.search(r"^test: (.+)$", makefile, re.MULTILINE)[1].split()) <= run


def test_the_readme_has_a_badge_once_the_config_has_the_address():
    address = urlsplit(yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]).path
    badges = re.findall(r"https://mybinder\.org/v2/gh([^)]+)", (ROOT / "README.md").read_text())
    assert badges == ([f"{address}/main?urlpath=lab/tree/index.ipynb"] if address else [])


def make(*arguments, cwd):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=cwd, capture_output=True, text=True, env=environment)


@pytest.fixture
def empty_clone(tmp_path):
    """The files that decide what is installed, without an environment."""
    for name in ("Makefile", "requirements.txt", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path


def test_make_names_the_python_that_is_too_old(empty_clone):
    old = empty_clone / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = make("book", f"PYTHON={old}", cwd=empty_clone)
    assert done.returncode != 0
    assert f"make: Python 3.11 or newer is needed, but {old} is older or missing" in done.stderr


def test_make_says_that_packages_cannot_be_reached(empty_clone):
    python = empty_clone / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    done = make("book", cwd=empty_clone)
    assert done.returncode != 0
    assert "make: the packages could not be installed: is the package index within reach?" in done.stderr
