"""Every event has a sentence in the story, and nobody reads its bare name on a page."""

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.project.crawler import DemoSite

pytestmark = pytest.mark.timeout(400)  # loading and crawling the demo site takes its time

APP = Path(__file__).resolve().parents[2] / "app"
KIND = re.compile(r"^[a-z_]+\.[a-z_]+$")
TAG = re.compile(r"<[^>]+>")


def trees() -> Iterator[ast.AST]:
    return (ast.parse(path.read_text()) for path in APP.rglob("*.py"))


def recorded() -> set[str]:
    """Kinds that code hands to `record`, or to something of its own that does (`_record`, `_tell`, `move`)."""
    found = set()
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found |= {
                    argument.value
                    for argument in [*node.args[:3], *(k.value for k in node.keywords if k.arg == "kind")]
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                    if KIND.match(argument.value) and recorder(node)
                }
    return found


def recorder(call: ast.Call) -> bool:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return called.strip("_") in ("record", "tell", "note", "happened")


def spoken() -> set[str]:
    """Kinds that a table of sentences, or a comparison, knows."""
    found = set()
    for tree in trees():
        for node in ast.walk(tree):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.Dict):
                values = list(node.keys)
            elif isinstance(node, ast.Compare):
                values = [node.left, *node.comparators]
            elif isinstance(node, ast.MatchValue):
                values = [node.value]
            found |= {v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)}
    return found


UNTOLD = {"person.reset_asked"}
"""It is about an address, known or not, and stands in nobody's story."""


def test_every_event_has_a_sentence() -> None:
    kinds = recorded() - UNTOLD
    assert len(kinds) > 20
    assert kinds <= spoken(), f"The story has no words for {sorted(kinds - spoken())}."


def test_no_page_shows_an_events_bare_name(demo_site: DemoSite) -> None:
    names = re.compile(r"(?<![\w.@/-])(" + "|".join(map(re.escape, sorted(recorded()))) + r")(?![\w.-])")
    shown = {
        f"{found} on {visit.endpoint}"
        for visit in demo_site.pages()
        if visit.signed_in
        for found in names.findall(unescape(TAG.sub(" ", visit.html)))
    }
    assert not shown
