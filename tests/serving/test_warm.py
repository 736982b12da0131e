"""Templates are compiled before somebody waits for them, and once for all web processes."""

from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

from app.serving import warm

PAGES = {"one.html": "{{ 1 }}", "two.html": "{% include 'one.html' %}", "subject.txt": "{{ 2 }}"}


class Counted(Environment):
    """Templates that count how often one is compiled."""

    compiled = 0

    def compile(self, *args: Any, **named: Any) -> Any:  # as jinja2 declares it
        self.compiled += 1
        return super().compile(*args, **named)


def test_the_second_process_compiles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    first, second = (Counted(loader=DictLoader(PAGES)) for _ in range(2))
    warm(first)
    warm(second)
    assert (first.compiled, second.compiled) == (2, 0)
    assert second.get_template("two.html").render() == "1"


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "gone"))
    pages = Counted(loader=DictLoader(PAGES))
    warm(pages)
    assert pages.get_template("two.html").render() == "1"
