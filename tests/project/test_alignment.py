"""What stands in columns and at edges does so on every page: numbers end below their head, the main act is last."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser

from tests import browsers
from tests.project import visual_checks
from tests.project.crawler import DemoSite

pytestmark = pytest.mark.timeout(400)  # loading and crawling the demo site takes its time

NUMBER = re.compile(r"[\d,.]+( of [\d,.]+)?( [a-z]+)?")
"""`1,024`, `3 of 17`, `9 sessions`."""
OTHERWISE = {"Path", "Status"}
"""Heads of columns of the API reference, whose numbers are names."""


class Tables(HTMLParser):
    """Reads the lists of a page: heads and cells with their classes and their words, without what only readers of a
    narrow page see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[list[list[tuple[str, str]]]] = []
        self.hidden: list[str] = []
        self.inside = self.listed = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = dict(attrs).get("class") or ""
        if tag == "table":
            self.listed = "data-table" in classes
            if self.listed:
                self.tables.append([])
        elif not self.listed:
            return
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append((classes, ""))
            self.inside = True
        elif self.hidden or (tag in ("small", "span") and (tag == "small" or "narrow-only" in classes)):
            self.hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside, self.hidden = False, []
        elif self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()

    def handle_data(self, data: str) -> None:
        if self.inside and not self.hidden:
            classes, words = self.tables[-1][-1][-1]
            self.tables[-1][-1][-1] = (classes, f"{words} {data}".strip())


def ragged(page: str) -> list[str]:
    """The heads of columns that hold numbers alone and do not end at one edge."""
    found = []
    for rows in Tables(page).tables:
        if len(rows) < 3:
            continue
        for n, (_, head) in enumerate(rows[0]):
            cells = [row[n] for row in rows[1:] if len(row) == len(rows[0]) and row[n][1]]
            numbers = len(cells) > 1 and all(NUMBER.fullmatch(" ".join(words.split())) for _, words in cells)
            if numbers and head not in OTHERWISE and any("number-cell" not in classes for classes, _ in cells):
                found.append(head)
    return found


def test_numbers_end_at_one_edge(demo_site: DemoSite) -> None:
    found = {f"{visit.endpoint}: {head}" for visit in demo_site.pages() for head in ragged(visit.html)}
    assert not found


def test_the_main_act_of_a_head_is_the_last(demo_site: DemoSite) -> None:
    """Where it is looked for, at the edge of the page."""
    wrong = set()
    for visit in demo_site.pages():
        _, head, rest = visit.html.partition('<div class="page-header"')
        if not head:
            continue
        kinds = re.findall(r'class="btn([^"]*)"', re.split(r'id="refusal"|class="detail"|<section|<dialog', rest)[0])
        if any("primary" in kind for kind in kinds[:-1]):
            wrong.add(f"{visit.endpoint}: {unescape(' '.join(kinds))}")
    assert not wrong


SHORT = """() => [...document.querySelectorAll(".data-table td:last-child:has(.btn)")].filter((cell) => {
    const edge = (each) => each.getBoundingClientRect().right;
    const last = Math.max(...[...cell.querySelectorAll(".btn")].map(edge));
    return cell.checkVisibility() && Math.abs(edge(cell.closest("table")) - last) > 1;
}).map((cell) => cell.textContent.trim())"""
"""Cells whose last button does not end where their table ends."""


@pytest.mark.browser
def test_acts_of_a_row_end_where_their_table_ends(demo_site: DemoSite, chromium: Browser) -> None:
    shown = {visit.endpoint: visit for visit in demo_site.one_each()}
    with visual_checks.serving(demo_site.app) as base, browsers.fresh_page(chromium, width=1440) as page:
        for endpoint in ("accounts.settings", "accounts.person", "accounts.keys", "views.list"):
            page.context.add_cookies(shown[endpoint].cookies(base))  # type: ignore[arg-type]
            page.goto(base + shown[endpoint].url)
            assert page.locator(".data-table td:last-child .btn").count(), endpoint
            assert page.evaluate(SHORT) == [], endpoint
