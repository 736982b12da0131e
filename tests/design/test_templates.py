"""Rules every template keeps: nothing inline, icons that exist, files that exist, no host but our own."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes

APP = Path(__file__).parents[2] / "app"
TEMPLATES = [path for path in sorted((APP / "templates").rglob("*.html")) if "email" not in path.relative_to(APP).parts]
SPRITE = (APP / "static/icons.svg").read_text("utf-8")
DRAWN = re.findall(r'<symbol id="([^"]+)" viewBox="0 0 24 24">(.*?)</symbol>', SPRITE)

# Where a macro takes an icon: its position, counted from 0.
ICONS = {
    "icon": 0,
    "badge": 1,
    "notice": 1,
    "empty": 0,
    "button": 1,
    "link": 2,
    "act": 2,
    "fold": 1,
    "opener": 2,
    "group": 2,
    "message_preview": 1,
}
NAMED = ("icon", "icon_name", "after")

every_template = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(APP / "templates")))


@every_template
def test_nothing_is_inline(path: Path) -> None:
    source = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
    # A PDF carries its style sheet: it is no page of a browser, and WeasyPrint may load nothing.
    assert not re.search(
        r"\sstyle=|\sxmlns=" if "pdf" in path.relative_to(APP).parts else r"<style|\sstyle=|\sxmlns=", source
    )
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"\s(on[a-z]+|hx-on[^=\s]*)\s*=\s*[\"']", source)
    assert not re.search(r"(src|href|action)=[\"'](https?:)?//", source), "pages load and link nothing but our own"
    assert "js:" not in source
    assert "javascript:" not in source


def _icons(tree: nodes.Template) -> Iterator[str]:
    def words(node: Any) -> Iterator[str]:
        if isinstance(node, nodes.Const) and isinstance(node.value, str) and node.value:
            yield node.value
        elif isinstance(node, nodes.CondExpr):
            yield from words(node.expr1)
            yield from words(node.expr2)

    for call in tree.find_all(nodes.Call):
        name = call.node.attr if isinstance(call.node, nodes.Getattr) else getattr(call.node, "name", None)
        place = ICONS.get(name or "")
        if place is not None and len(call.args) > place:
            yield from words(call.args[place])
        for given in call.kwargs:
            if place is not None and given.key in NAMED:
                yield from words(given.value)
    for pair in tree.find_all(nodes.Pair):
        if isinstance(pair.key, nodes.Const) and pair.key.value == "icon":
            yield from words(pair.value)


@every_template
def test_every_icon_exists(path: Path) -> None:
    used = set(_icons(Environment(extensions=["jinja2.ext.do"]).parse(path.read_text("utf-8"))))
    assert used <= {name for name, _ in DRAWN}, sorted(used - {name for name, _ in DRAWN})


def test_icons_named_in_python_exist() -> None:
    named = re.compile(r"[\"']?\bicon[\"']?\s*[:=]\s*[\"']([a-z0-9-]+)[\"']")
    used = {name for path in APP.rglob("*.py") for name in named.findall(path.read_text("utf-8"))}
    assert used <= {name for name, _ in DRAWN}, sorted(used - {name for name, _ in DRAWN})


def test_every_icon_is_drawn_once() -> None:
    assert len(DRAWN) == SPRITE.count("<symbol")
    assert len({name for name, _ in DRAWN}) == len(DRAWN)
    assert len({shapes for _, shapes in DRAWN}) == len(DRAWN)
    assert [name for name, _ in DRAWN][1:] == sorted(name for name, _ in DRAWN if name != "mark")


@every_template
def test_static_files_exist(path: Path) -> None:
    for name in re.findall(r"(?:static|module)\(['\"]([^'\"]+)['\"]", path.read_text("utf-8")):
        assert name == "app.css" or (APP / "static" / name).is_file(), name
