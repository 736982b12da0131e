"""Visitor pages on a phone: readable in every organization's colour, and the thumb finds its button."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from app.accounts import rules
from app.accounts.models import Organization
from app.kernel.db.engine import Database
from app.prescreens import links
from tests import browsers
from tests.cast import Cast
from tests.depositions import factories as depositions
from tests.prescreens import factories as prescreens
from tests.project import visual_checks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(200),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

COLOURS = {"marston": "#000000", "harbor": "#747100", "fern": "#0000ff"}
"""Black, the palest of its hue that is taken, and one that is dark in luminance but loud."""
HOSTILE = "Meier" * 40
SMALL = """() => [...document.querySelectorAll('a, button, summary, input:not([type=hidden]), label.check')]
    .filter((each) => each.checkVisibility() && !each.closest('p, label.check :not(label)'))
    .map((each) => (each.closest('label.check') ?? each).getBoundingClientRect())
    .filter((box) => box.height > 1 && box.height < 43.5).length"""

Opened = Callable[[str], Page]


@pytest.fixture
def phone(app: Flask, chromium: Browser) -> Iterator[Opened]:
    """Opens a path on a phone of 390 by 844 pixels."""
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium, 390, 844) as page:

        def opened(path: str) -> Page:
            page.set_viewport_size({"width": 390, "height": 844})
            page.goto(base + path, wait_until="load")
            return page

        yield opened


@pytest.fixture
def chat(database: Database, cast: Cast) -> str:
    """The address of a chat in which several questions are answered, of an organization that says how it is reached."""
    shown = {"public_phone": "+1 212 555 0142", "public_email": "a@b.example.com", "hours": HOSTILE}
    with database.write() as db:
        for slug, colour in COLOURS.items():
            db.execute(
                update(Organization).where(Organization.slug == slug).values(colour=rules.colour(colour), **shown)
            )
    id = prescreens.prescreen(database, cast.marston.id, "active")
    token = links.token(database.config, links.CHAT, id)
    return f"/p/marston/two-bedroom/chat/{token}"


def test_the_first_answer_and_the_button_are_in_sight(phone: Opened, chat: str) -> None:
    page = phone(chat)
    answers = ("2027-04-01", "2500", "3")
    for answer in answers:
        assert page.locator("#answer, .choice").first.bounding_box()["y"] <= 460  # type: ignore[index]
        button = page.locator(".onward .primary").bounding_box()
        assert button is not None
        assert button["y"] + button["height"] <= 844
        assert page.evaluate(SMALL) == 0
        field = page.locator("#answer")
        if not field.count():
            break
        field.fill(answer)
        page.locator(".onward .primary").click()
        page.wait_for_load_state()


def test_pages_can_be_read_in_every_colour(phone: Opened, chat: str, database: Database, cast: Cast) -> None:
    with database.write() as db:
        db.execute(update(Organization).values(name=HOSTILE))
    prescreens.prescreen(database, cast.harbor.id, "active")
    id = prescreens.prescreen(database, cast.marston.id)
    sent = f"/p/marston/two-bedroom/chat/{links.token(database.config, links.CHAT, id)}"
    paths = (chat, f"{chat}?step=review", sent, "/p/harbor/two-bedroom", "/p/fern/nothing-here")
    problems = []
    for path in paths:
        page = phone(path)
        assert page.evaluate(SMALL) == 0, path
        problems += [f"{path}: {found}" for found in visual_checks.findings(page)]
    assert not problems, "\n".join(problems)


def test_the_visitors_own_hour_comes_first(app: Flask, chromium: Browser, database: Database, cast: Cast) -> None:
    moment = datetime(2026, 12, 15, 14, 30, tzinfo=UTC)
    made = depositions.in_state(database, cast, "scheduled", starts_at=moment)
    with visual_checks.serving(app) as base:
        for zone, first in (("Asia/Tokyo", "11:30 PM"), ("America/Los_Angeles", "6:30")):
            context = chromium.new_context(timezone_id=zone, locale="en-US", viewport={"width": 390, "height": 844})
            page = context.new_page()
            page.goto(f"{base}/sessions/{made.slug}")
            shown = page.locator(".session-time .start-time").filter(visible=True)
            assert first in shown.first.inner_text()
            assert shown.count() == (2 if zone == "Asia/Tokyo" else 1)
            if zone == "Asia/Tokyo":
                own = page.locator("[data-own-time]").inner_text()
                assert "Tuesday 15 December 2026" in own
                assert "your time, Japan Standard Time (into Wednesday)" in own
            context.close()
