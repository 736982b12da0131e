"""Pages of a dispatcher that no link leads to, right to left, and offered hours in Arabic: legible in both themes."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert, update

from app.accounts.models import Person
from app.depositions import actions
from app.depositions.models import Absence, Manager
from app.depositions.rules.new_request import Invite
from app.depositions.rules.proposals import NewProposal
from app.depositions.rules.roster import RosterFacts
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests import browsers
from tests.depositions import factories
from tests.depositions.test_propose import LINK
from tests.outgoing import Outbox
from tests.project import visual_checks

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

LONG = "Wilhelmina" * 20
RIGHT_TO_LEFT = "document.documentElement.dir = 'rtl'"


@pytest.fixture
def day(database: Any, cast: Any, clock: Any) -> dict[str, Any]:
    """A day on which two sessions of one manager overlap, who is away, and two requests wait; other hours are offered
    for a session in Arabic."""
    clock.set(factories.at("2026-12-07 09:00"))
    at = {"starts_at": factories.at("2026-12-08 14:00"), "zone": "UTC"}
    apart = [
        {"deponent_name": name, "deponent_email": f"w{n}@example.com", "case_name": f"Case {n}", "invites": ()}
        for n, name in enumerate((LONG, "سلمى الكتبي", "Ashby", "Berg"))
    ]
    with database.write() as db:
        db.execute(update(Person).values(time_zone="UTC"))
        db.execute(update(Manager).values(zone="UTC"))
        rooms = {"zoom": "https://zoom.example.com/{id}"}
        actions.roster.add(
            db, RosterFacts(LONG, "kwame@example.com", "UTC", templates=rooms), by=cast.actor("ines"), now=now()
        )
    first, second, third, _ = (factories.request(database, cast, **at, **each) for each in apart)
    booked = factories.schedule(database, cast, first.id)
    manager = booked.manager_id
    facts = {"manager_name": "", "manager_email": "", "manager_id": manager, "reason": "So."}
    factories.schedule(database, cast, second.id, **facts)
    arabic = factories.request(
        database,
        cast,
        **{**at, "starts_at": factories.at("2026-12-16 14:00")},
        case_name=LONG,
        invites=(Invite("amber@example.com"),),
        details={"language": "ar"},
    )
    factories.schedule(database, cast, arabic.id, **facts)
    soon = {"starts_at": factories.at("2026-12-07 10:00"), "zone": "UTC", **apart[0], "case_name": LONG}
    factories.schedule(database, cast, factories.request(database, cast, **soon).id, **facts)
    with database.write() as db:
        absent = {"first_day": date(2026, 12, 8), "last_day": date(2026, 12, 8), "note": LONG}
        db.execute(insert(Absence).values(manager_id=manager, **absent))
        hours = tuple(factories.at(f"2026-12-{n} 16:00") for n in (14, 15, 16, 17))
        new = NewProposal(hours, because=LONG, own_clock_only=True)
        actions.propose(db, arabic.id, new, by=cast.actor("ines"), now=now())
    return {"manager": manager, "arabic": arabic.id, "waits": third.id}


def pages(page: Page, base: str, day: dict[str, Any], link: str) -> Iterator[str]:
    """Opens one page after the other, those of the team right to left."""
    for path in (
        "board?day=2026-12-08",
        "board?week=2026-12-08",
        f"managers/{day['manager']}/away",
        f"plan?change={day['waits']}&drop=999",
        f"{day['arabic']}/propose",
        "now",
        "cases?view=everything",
    ):
        page.goto(f"{base}/depositions/{path}")
        page.evaluate(RIGHT_TO_LEFT)
        yield path
    page.goto(f"{base}/depositions/plan")
    page.get_by_role("button", name="Review").click()
    expect(page.locator("h1")).to_contain_text("Review")
    yield "the review"
    page.goto(base + link)
    expect(page.locator("fieldset.offer")).to_have_count(4)
    assert page.locator("html").get_attribute("dir") == "rtl"
    yield "the offered hours"


def test_pages_are_legible_right_to_left(
    app: Any, cast: Any, chromium: Browser, day: dict[str, Any], outbox: Outbox
) -> None:
    link = LINK.search(outbox.emails("amber@example.com")[-1]["text"])
    assert link is not None
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium) as page:
        name, value = cast.cookie(app, "ines")
        page.context.add_cookies([{"name": name, "value": value, "url": base}])
        found = [f"{path}: {each}" for path in pages(page, base, day, link[1]) for each in visual_checks.findings(page)]
    assert found == []


def test_a_name_that_is_cut_on_the_board_says_so_and_is_whole_on_the_pointer(
    app: Any, cast: Any, database: Database, clock: Any, chromium: Browser
) -> None:
    clock.set(factories.at("2026-12-07 09:00"))
    for minutes, hour in ((15, 9), (30, 11), (45, 14), (60, 17)):
        at = factories.at(f"2026-12-08 {hour:02}:00")
        facts = {"starts_at": at, "zone": "UTC", "estimated_duration": minutes / 60, "case_name": f"Case {hour}"}
        factories.request(database, cast, **facts, deponent_name=f"Theodora Papadopoulou {minutes}", invites=())
    with database.write() as db:
        db.execute(update(Person).values(time_zone="UTC"))
    cut = """(bar) => {
        const name = bar.querySelector("bdi");
        return [name.scrollWidth > name.clientWidth, getComputedStyle(name).textOverflow];
    }"""
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium) as page:
        name, value = cast.cookie(app, "ines")
        page.context.add_cookies([{"name": name, "value": value, "url": base}])
        page.goto(f"{base}/depositions/board?day=2026-12-08")
        bars = page.locator(".session-bar")
        expect(bars).to_have_count(4)
        for bar in bars.all():
            assert bar.evaluate(cut) == [True, "ellipsis"], bar.text_content()
            if "narrow" in (bar.get_attribute("class") or ""):
                for show in (bar.hover, bar.focus):
                    show()
                    assert bar.evaluate(cut)[0] is False, bar.text_content()
                    page.mouse.move(0, 0)
                    page.evaluate("document.activeElement.blur()")
