"""Make the archives in /out light to unpack and quick to import. Runs in Pyodide, whose Python will import them.

Modules are compiled, as the browser would else do at every start, and files that no notebook needs are left out. The
course's own package keeps its sources beside them: its exercises show some.
"""

import py_compile
import re
import zipfile
from importlib.util import cache_from_source
from pathlib import Path

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
        content, is_module = archive.read(name), name.endswith(".py")
        if with_sources or not is_module:
            kept[name] = content
        if is_module:
            kept[cache_from_source(name) if with_sources else f"{name}c"] = compiled(content, f"{folder}/{name}")
    return kept


def compiled(source: bytes, place: str) -> bytes:
    """The module that will be at `place`; Python will not ask whether it is up to date."""
    module, unchecked = Path("/tmp/module.py"), py_compile.PycInvalidationMode.UNCHECKED_HASH
    module.write_bytes(source)
    return Path(py_compile.compile(module, None, place, doraise=True, invalidation_mode=unchecked)).read_bytes()


for path in [*Path("/out").glob("*.whl"), Path("/out/python_stdlib.zip")]:
    folder = "/lib/python312.zip" if path.suffix == ".zip" else "/lib/python3.12/site-packages"
    files = lightened(zipfile.ZipFile(path), folder, with_sources=path.name.startswith("lrsched-"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():  # without the time: the same content makes the same bytes
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
