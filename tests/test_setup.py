"""What a stranger's machine needs to know: Binder's environment, the workflow, the `make` targets."""

import os
import subprocess

import pytest
import yaml
from pages import ROOT, command


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
    assert [line for line in lines if "==" not in line] == []


def test_workflow_has_no_fault():
    found = subprocess.run([command("actionlint"), "-no-color"], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_actionlint_would_find_a_fault(tmp_path):
    workflow = (ROOT / ".github/workflows/book.yml").read_text().replace("needs: test", "needs: tests")
    (tmp_path / "book.yml").write_text(workflow)
    found = subprocess.run([command("actionlint"), tmp_path / "book.yml"], capture_output=True)
    assert found.returncode != 0


def test_addresses_stand_in_the_config_only():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    for address in (config["repository"]["url"], config["html"]["baseurl"]):
        holders = [name for name in names if address.encode() in (ROOT / name).read_bytes()]
        assert holders == ["_config.yml"]


def make(*arguments, cwd):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=cwd, capture_output=True, text=True, env=environment)


@pytest.fixture
def empty_clone(tmp_path):
    """The files that decide what is installed, without an environment."""
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
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
