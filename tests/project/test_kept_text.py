"""What a form carries besides what people typed is sent again after a new sign-in, and not shown as their text."""

import re

import pytest

from app.accounts.guard import is_typed
from tests.project.crawler import FORM, DemoSite

pytestmark = pytest.mark.timeout(400)  # loading and crawling the demo site takes its time

HIDDEN = re.compile(r'<input\b(?=[^>]*type="hidden")[^>]*>')
NAME, VALUE = re.compile(r'\bname="([^"]+)"'), re.compile(r'\bvalue="([^"]*)"')

CHOSEN = {"answer", "person", "place", "provider", "subjects"}
"""Fields that people fill in on other forms, in words that they understand."""


def test_what_nobody_typed_is_not_shown_as_text(demo_site: DemoSite) -> None:
    shown = set()
    for visit in demo_site.pages():
        if not visit.signed_in:
            continue
        for _, inside in FORM.findall(visit.html):
            for field in HIDDEN.findall(inside):
                name, value = NAME.search(field), VALUE.search(field)
                if not (name and value and value[1]) or name[1] in CHOSEN or value[1].isdecimal():
                    continue
                if is_typed(name[1]):
                    shown.add(f"{name[1]}={value[1][:40]} on {visit.endpoint}")
    assert not shown
