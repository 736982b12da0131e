"""The eyes of test_browser.py see: what is too faint is found, however it is painted, and what is not is left alone."""

import pytest
from playwright.sync_api import Page

from tests.project import visual_checks

pytestmark = pytest.mark.browser

FAINT = {
    "plain": '<p style="color: oklch(0.8 0 0)">faint on white</p>',
    "one letter": '<p style="color: #999">x</p>',
    "transparent": '<p style="color: rgb(0 0 0 / .4)">half there</p>',
    "opacity": '<div style="opacity: .4"><p>half there</p></div>',
    "on a pseudo element": '<style>.p { position: relative } .p::before { content: ""; position: absolute; inset: 0;'
    ' z-index: -1; background: #333 }</style><p class="p" style="color: #222; z-index: 0">dark on dark</p>',
    "on a picture": '<div style="background: linear-gradient(#333, #333)"><p style="color: #222">dark</p></div>',
    "on what lies below": '<div style="height: 2em; background: #333"></div>'
    '<p style="margin: -1.5em 0 1em; color: #222; position: relative">dark on dark</p>',
    "in a drawing": '<svg width="200" height="30"><rect width="200" height="30" fill="#333"/><text x="5" y="20"'
    ' fill="#222">dark on dark</text></svg>',
    "in a field": '<input aria-label="Name" style="color: #bbb" value="faint">',
    "a placeholder": "<style>.q::placeholder { color: #ccc }</style>"
    '<input class="q" aria-label="Name" placeholder="faint">',
    "an icon": '<svg class="icon" width="20" height="20" stroke="#ccc"><path d="M0 0h20"/></svg>',
}
FINE = """<h1 style="color: #888">Large words need less</h1><p style="color: #666">Grey enough</p>
    <button disabled style="color: #ccc">Nothing to press</button>
    <p style="background: #222; color: #ddd">Light on dark</p>
    <svg class="icon" width="20" height="20" stroke="#888"><path d="M0 0h20"/></svg>
    <p style="position: absolute; width: 1px; height: 1px; overflow: hidden; color: #eee">Only for readers</p>"""


def faint(page: Page, body: str) -> list[str]:
    page.set_content(f"<!doctype html><html lang=en><title>Eyes</title><main>{body}</main></html>")
    page.evaluate(visual_checks.JUDGE)
    return visual_checks.too_faint(page)


@pytest.mark.parametrize("kind", FAINT)
def test_what_is_too_faint_is_found(page: Page, kind: str) -> None:
    found = faint(page, f"<h1>Eyes</h1>{FAINT[kind]}")
    assert len(found) == 1, found
    assert ":1, not" in found[0]


def test_what_can_be_read_is_left_alone(page: Page) -> None:
    assert faint(page, FINE) == []


def test_what_axe_finds_is_told(page: Page) -> None:
    page.set_content("<!doctype html><html lang=en><title>Eyes</title><main><h1>Eyes</h1><input></main></html>")
    report = list(visual_checks.findings(page))
    assert any("violates label" in one for one in report), report
