"""The eyes of test_browser.py see: what is too faint is found, however it is painted, and what is not is left alone."""

import pytest
from playwright.sync_api import Page

from tests.project import visual_checks
from tests.project.test_width import COVERED

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
    "over a field, where no pointer finds it": '<div style="position: relative"><input aria-label="Find"'
    ' style="background: #fff; width: 9em"><kbd style="position: absolute; left: 5em; pointer-events: none;'
    ' color: #ccc">x</kbd></div>',
    "an icon": '<svg class="icon" width="20" height="20" stroke="#ccc"><path d="M0 0h20"/></svg>',
}
FINE = """<h1 style="color: #888">Large words need less</h1><p style="color: #666">Grey enough</p>
    <button disabled style="color: #ccc">Nothing to press</button>
    <p style="background: #222; color: #ddd">Light on dark</p>
    <svg class="icon" width="20" height="20" stroke="#888"><path d="M0 0h20"/></svg>
    <p style="position: absolute; width: 1px; height: 1px; overflow: hidden; color: #eee">Only for readers</p>
    <p style="position: absolute; clip-path: inset(50%); color: #eee">Only for readers</p>"""


def faint(page: Page, body: str) -> list[str]:
    page.set_content(f"<!doctype html><html lang=en><title>Eyes</title><main>{body}</main></html>")
    page.evaluate(visual_checks.JUDGE)
    return visual_checks.too_faint(page)


@pytest.mark.parametrize("kind", FAINT)
def test_what_is_too_faint_is_found(page: Page, kind: str) -> None:
    found = faint(page, f"<h1>Eyes</h1>{FAINT[kind]}")
    assert len(found) == 1, found
    assert ":1, not" in found[0]


THEMED = {
    "a colour": (".t { color: #ccc }", '<p class="t">faint</p>'),
    "a drawing": (".t { fill: #ccc }", '<svg width="200" height="30"><text class="t" x="5" y="20">faint</text></svg>'),
    "what else is hidden": (
        ".t { display: block !important }",
        '<p class="t" style="display: none; color: #ccc">faint',
    ),
    "what else is covered": (
        ".t { background: none !important }",
        '<p style="color: #ccc">faint</p><div class="t" style="position: relative; margin-top: -3em; height: 3em;'
        ' background: #fff"></div>',
    ),
    "opacity": (".t { opacity: .3 }", '<p class="t">faint</p>'),
}
"""What is too faint in one theme alone."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", THEMED)
def test_each_theme_is_looked_at_in_each_width(page: Page, kind: str, scheme: str) -> None:
    rule, body = THEMED[kind]
    style = f"<style>html {{ background: #fff }} @media (prefers-color-scheme: {scheme}) {{ {rule} }}</style>"
    page.set_content(f"<!doctype html><html lang=en><title>Eyes</title>{style}<main><h1>Eyes</h1>{body}</main></html>")
    found = [one.partition(": ")[0] for one in visual_checks.findings(page) if ":1, not" in one]
    assert found == [f"320 px, {scheme}", f"1280 px, {scheme}"]


def test_what_can_be_read_is_left_alone(page: Page) -> None:
    assert faint(page, FINE) == []


def test_axe_is_asked_about_the_rest(page: Page) -> None:
    """Words on a button of the browser, which contrast.js cannot place; nothing of what it judged."""
    body = '<h1>Eyes</h1><input type="file" aria-label="Paper" style="color: #bbb"><p style="color: #bbb">faint</p>'
    assert len(faint(page, body)) == 1
    page.evaluate(visual_checks.AXE)
    found = list(visual_checks.rest(page))
    assert len(found) == 1, found
    assert "violates color-contrast: <input" in found[0]


def test_what_axe_finds_is_told(page: Page) -> None:
    page.set_content("<!doctype html><html lang=en><title>Eyes</title><main><h1>Eyes</h1><input></main></html>")
    report = list(visual_checks.findings(page))
    assert any("violates label" in one for one in report), report


ROW = '<tr class="{kind}" id="r{n}"><td class="name" style="position: relative"><a href="#r{n}">Row {n}</a></td></tr>'
OVER = "content: ''; position: absolute; inset: 0; background: #fff"
COVERING = {
    "every row while it has the focus": (f"tr:focus-within .name::after {{ {OVER} }}", 4),
    "one of many alike": (f"#r7 .name::after {{ {OVER} }}", 1),
    "a rare kind while it has the focus": (f".rare:focus-within .name::after {{ {OVER} }}", 1),
    "the last while it has the focus": (f"#r11:focus-within .name::after {{ {OVER} }}", 1),
    "nothing": ("p { color: #000 }", 0),
}


@pytest.mark.parametrize("what", COVERING)
def test_what_lies_over_a_control_is_found(page: Page, what: str) -> None:
    """Rows alike are not all given the focus: two of each kind and the last are, and the others are hit."""
    style, expected = COVERING[what]
    rows = "".join(ROW.format(n=n, kind="rare" if n == 5 else "row") for n in range(12))
    page.set_content(f"<style>{style}</style><main><table><tbody>{rows}</tbody></table></main>")
    page.set_viewport_size({"width": 1280, "height": 200})
    found = page.evaluate(COVERED)
    assert len(found) == expected, found


LOOKS = {
    "another class": ('<li class="late"><b>x</b></li>', 3),
    "another state": ('<li><b aria-current="page">x</b></li>', 3),
    "another element": ("<li><i>x</i></li>", 3),
    "a place among others": ("<li><b>x</b><b>y</b></li>", 3),
    "other words": ("<li><b>other</b></li>", 2),
}


@pytest.mark.parametrize("what", LOOKS)
def test_rows_that_show_anything_else_are_kept(page: Page, what: str) -> None:
    row, kept = LOOKS[what]
    page.set_content(f"<ul>{'<li><b>x</b></li>' * 4}{row}{'<li><b>x</b></li>' * 4}</ul>")
    page.evaluate(visual_checks.ALIKE)
    assert page.locator("li").count() == kept
