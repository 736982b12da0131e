"""Every event type is declared once, and no page shows the bare name of one."""

import contextlib
import re
from collections import Counter, defaultdict
from html import unescape
from types import SimpleNamespace

import pytest

from app.home.audit import EVENTS
from tests.project.crawler import DemoSite
from tools.locales import ROOT

pytestmark = pytest.mark.timeout(400)  # loading and crawling the demo site takes its time

KIND = re.compile(r"^[a-z_]+\.[a-z_]+$")
TAG = re.compile(r"<[^>]+>")


def test_kinds_are_things_and_participles_and_no_two_types_share_a_stored_one() -> None:
    stored = Counter(kind for each in EVENTS.values() for kind in each.stored_kinds)
    assert len(EVENTS) > 70
    assert all(KIND.match(kind) for kind in stored)
    assert [kind for kind, n in stored.items() if n > 1] == []


def test_every_type_has_a_sign_that_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "app/static/icons.svg").read_text("utf-8")))
    assert {each.kind: each.icon for each in EVENTS.values() if each.icon not in drawn} == {}


def test_a_hash_is_as_long_in_every_timeline() -> None:
    """Sixteen digits tell files apart; all sixty-four are among the facts of the audit."""
    row = SimpleNamespace(kind="", data=defaultdict(lambda: "copy", sha256="5e" * 32, data={}), via="page")
    hashed = {}
    for each in EVENTS.values():
        with contextlib.suppress(TypeError, ValueError, AttributeError, KeyError):
            hashed[each.kind] = each.details(row)  # type: ignore[arg-type]  # details of other data are not these
    shown = {kind: text for kind, text in hashed.items() if "5e5e" in text}
    assert len(shown) > 8
    assert {kind for kind, text in shown.items() if f"SHA-256 {'5e' * 8}…" not in text} == set()


def test_no_page_shows_an_events_bare_name(demo_site: DemoSite) -> None:
    stored = sorted(kind for each in EVENTS.values() for kind in each.stored_kinds)
    names = re.compile(r"(?<![\w.@/-])(" + "|".join(map(re.escape, stored)) + r")(?![\w.-])")
    shown = {
        f"{found} on {visit.endpoint}"
        for visit in demo_site.pages()
        if visit.signed_in
        for found in names.findall(unescape(TAG.sub(" ", visit.html)))
    }
    assert not shown
