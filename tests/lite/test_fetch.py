"""How Pyodide's files come: only the right bytes, from whoever has them."""

import hashlib

import pyodide_files
import pytest


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, which wants one file and takes it from `sources`."""
    monkeypatch.setattr(pyodide_files, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(pyodide_files, "official", lambda: {"a.whl": hashlib.sha256(b"a").hexdigest()})
    monkeypatch.setattr(pyodide_files, "wheels", lambda: None)

    def sources(*contents):
        def source(content):
            def from_somewhere(names, folder):
                if content is None:
                    raise OSError("out of reach")
                (folder / names[0]).write_text(content)

            return from_somewhere

        monkeypatch.setattr(pyodide_files, "SOURCES", [source(content) for content in contents])
        return pyodide_files.CACHE

    return sources


def test_file_is_taken_from_the_first_source_within_reach(cache):
    folder = cache(None, "a")
    pyodide_files.fetch()
    assert (folder / "a.whl").read_text() == "a"


def test_other_bytes_stop_the_build(cache, capsys):
    folder = cache("b", "a")
    with pytest.raises(SystemExit) as stopped:
        pyodide_files.fetch()
    assert stopped.value.code == 1
    assert "make: a.whl from somewhere is not that of Pyodide" in capsys.readouterr().err
    assert not (folder / "a.whl").exists()


def test_nobody_within_reach_is_told_by_the_status(cache, capsys):
    cache(None, None)
    with pytest.raises(SystemExit) as stopped:
        pyodide_files.fetch()
    assert stopped.value.code == pyodide_files.WITHIN_REACH_OF_NOBODY
    assert "within reach of no source" in capsys.readouterr().err
