"""Make the archives in /out light to unpack and quick to import. Runs in Pyodide, whose Python will import them.

Modules are compiled, as the browser would else do at every start, and files that no notebook needs are left out. The
course's own package keeps its sources beside them: its exercises show some.
"""

import re
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode, compile

LEFT_OUT = re.compile(
    r"""
    .*/tests/ | .*\.data/data/ | anywidget/labextension/               # for developers and for servers
    | numpy/.*\.pyi$ | numpy/(f2py|_core/include|random/lib)/          # for checkers of types and for compilers
    | jedi/third_party/(django-stubs|typeshed/third_party)/            # on packages that are not there
    | IPython/sphinxext/ | dateutil/zoneinfo/.*\.tar\.gz$
    | pygments/lexers/(?!__init__|_mapping|python|special)             # of other languages than Python
    | matplotlib/mpl-data/(sample_data|images|fonts/afm|fonts/pdfcorefonts)/
    | matplotlib/mpl-data/fonts/ttf/(STIX|DejaVuSerif|Humor).*\.ttf$   # that no figure asks for
    """,
    re.VERBOSE,
)


def lightened(archive: zipfile.ZipFile, folder: str, with_sources: bool) -> dict[str, bytes]:
    """The files of `archive` that are kept, by name, compiled for the `folder` that they will be in."""
    kept = {}
    for name in archive.namelist():
        if LEFT_OUT.match(name) or name.endswith("/"):
            continue
        content = archive.read(name)
        if not name.endswith(".py"):
            kept[name] = content
        elif with_sources:
            kept[name] = content
            kept[re.sub(r"(\w+)\.py$", r"__pycache__/\1.cpython-312.pyc", name)] = compiled(content, f"{folder}/{name}")
        else:
            kept[f"{name}c"] = compiled(content, f"{folder}/{name}")
    return kept


def compiled(source: bytes, place: str) -> bytes:
    """The module that will be at `place`; Python will not ask whether it is up to date."""
    module, unchecked = Path("/tmp/module.py"), PycInvalidationMode.UNCHECKED_HASH
    module.write_bytes(source)
    compile(module, "/tmp/module.pyc", place, doraise=True, invalidation_mode=unchecked)
    return Path("/tmp/module.pyc").read_bytes()


for path in [*Path("/out").glob("*.whl"), Path("/out/python_stdlib.zip")]:
    folder = "/lib/python312.zip" if path.suffix == ".zip" else "/lib/python3.12/site-packages"
    files = lightened(zipfile.ZipFile(path), folder, with_sources=path.name.startswith("lrsched-"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():  # without the time: the same content makes the same bytes
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
