"""Make the folder of packages that a browser loads: Pyodide's, the course's own, and a lock that lists all."""

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

from notebooks import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pyodide_files import CACHE, LITE, NEEDLESS, locked, missing, official, packages, run, sha256, stop

# The kernel insists on this one, though a browser has no sockets: it gets a package without content, and saves 2 MB.
# It insists on jedi as well, and without it completes no name.
HOLLOW = "ssl"
# The kernel's own packages, and where its extension of JupyterLite has them.
KERNEL = ["ipykernel", "piplite", "pyodide_kernel"]
EXTENSION = Path(sys.prefix) / "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"


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


def hollow_wheel(out: Path, name: str, version: str = "0") -> Path:
    """A wheel that holds nothing."""
    wheel = out / f"{name}-{version}-py3-none-any.whl"
    info = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: lrsched\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in info.items():
            archive.writestr(f"{name}-{version}.dist-info/{file}", text)
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
