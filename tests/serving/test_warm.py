"""Templates are compiled before somebody waits for them: once for an installation, or once for all web processes."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

import app
from app.serving import templates

PAGES = {"one.html": "{{ 1 }}", "two.html": "{% include 'one.html' %}", "subject.txt": "{{ 2 }}"}


class Counted(Environment):
    """Templates that count how often one is compiled."""

    compiled = 0

    def __init__(self) -> None:
        super().__init__(loader=DictLoader(PAGES))

    def compile(self, *args: Any, **named: Any) -> Any:  # as jinja2 declares it
        self.compiled += 1
        return super().compile(*args, **named)


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the web processes of one start share."""
    folder = tmp_path / "shared"
    folder.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    return folder


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the installation, which does not exist yet."""
    folder = tmp_path / "cache" / "templates-2"
    monkeypatch.setattr(templates, "kept_in", lambda: folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return folder


def test_what_one_start_compiled_the_next_one_reads_before_it_forks(kept: Path, shared: Path) -> None:
    first, second = Counted(), Counted()
    templates.read(first)
    assert (first.compiled, len(first.cache)) == (0, 0), "Nothing is compiled while everybody waits."
    templates.warm(first)
    templates.read(second)
    assert (first.compiled, second.compiled, len(second.cache)) == (2, 0, 2)
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in kept.iterdir()), "The server may be another user."
    assert second.get_template("two.html").render() == "1"
    assert not list(shared.iterdir())


def test_what_was_compiled_in_part_is_not_read_before_it_forks(kept: Path) -> None:
    templates.keep(Counted())
    (kept / templates.WHOLE).unlink()
    begun = Counted()
    templates.read(begun)
    assert not len(begun.cache)


def test_templates_of_other_versions_are_removed(kept: Path) -> None:
    other = kept.with_name("templates-1")
    other.mkdir(parents=True)
    templates.keep(Counted())
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


@pytest.mark.parametrize("cause", ["the folder cannot be made", "Python keeps no bytecode"])
def test_the_second_process_compiles_nothing(cause: str, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if cause == "Python keeps no bytecode":
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
    else:
        kept.parent.write_text("a file where the folder should be")
    first, second = Counted(), Counted()
    templates.warm(first)
    templates.warm(second)
    assert (first.compiled, second.compiled) == (2, 0)
    assert second.get_template("two.html").render() == "1"
    assert not kept.exists()


def test_folders_that_cannot_be_written_stop_nothing(kept: Path, shared: Path) -> None:
    kept.parent.write_text("")
    shared.rmdir()
    pages = Counted()
    templates.warm(pages)
    assert pages.get_template("two.html").render() == "1"


def test_another_version_of_a_module_has_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    module = tmp_path / "app" / "filters.py"
    module.parent.mkdir()
    module.write_text("1")
    monkeypatch.setattr(app, "__file__", str(module.with_name("__init__.py")))

    def found() -> Path:
        return templates.kept_in.__wrapped__()

    before = found()
    assert found() == before
    module.write_text("12")
    longer = found()
    os.utime(module, (0, time.time() + 60))
    assert len({before, longer, found()}) == 3
