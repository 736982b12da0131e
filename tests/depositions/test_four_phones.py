"""Four phones answer about offered hours, one of them too late; the session is moved from the page of the team."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.depositions import actions
from app.depositions.queries import proposals
from app.depositions.rules.new_request import Invite
from app.depositions.rules.proposals import NewProposal, written
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests import browsers
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.depositions.test_propose import LINK
from tests.outgoing import Outbox
from tests.project import visual_checks

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

PEOPLE = ("orsolya@example.com", "amber@example.com", "quartz@example.com", "late@example.com")


@pytest.fixture
def session(database: Database, cast: Any) -> Any:
    invites = tuple(Invite(each) for each in PEOPLE[1:])
    starts_at = now().replace(minute=0) + timedelta(days=30)
    made = factories.in_state(database, cast, "scheduled", starts_at=starts_at, invites=invites)
    factories.delivered(database)
    return made


def answer(page: Page, choose: Callable[[int], str]) -> None:
    """Chooses an answer for each hour and sends them."""
    for place, hour in enumerate(page.locator("fieldset.offer").all()):
        hour.locator(f"input[value={choose(place)}]").check()
    page.click("main form button[type=submit]")
    expect(page.locator("h2#card")).to_have_text("Your answers arrived")


def test_from_the_offer_to_the_moved_session(
    app: Any, cast: Any, chromium: Browser, database: Database, session: Any, outbox: Outbox
) -> None:
    with database.write() as db:
        hours = proposals.first_found(db, session.id, now())
        actions.propose(db, session.id, NewProposal(hours, quorum=3), by=cast.actor("ines"), now=now())
    paths = [found[1] for each in PEOPLE if (found := LINK.search(outbox.emails(each)[-1]["text"]))]
    with visual_checks.serving(app) as base, browsers.fresh_page(chromium) as page:
        page.set_viewport_size({"width": 390, "height": 844})
        for path, last in zip(paths[:3], ("no", "yes", "maybe"), strict=True):
            page.goto(base + path)
            assert not [each for each in PEOPLE if each in page.content()]
            assert not list(visual_checks.findings(page))
            answer(page, lambda place, last=last: "yes" if place == 1 else last)  # type: ignore[misc]
        page.set_viewport_size({"width": 1280, "height": 900})
        name, value = cast.cookie(app, "ines")
        page.context.add_cookies([{"name": name, "value": value, "url": base}])
        page.goto(f"{base}/depositions/{session.id}")
        expect(page.locator("#proposal")).to_contain_text("3 of 4 answered")
        assert not list(visual_checks.findings(page))
        page.locator("#proposal .primary").click()
        page.locator("dialog#preview[open] .primary").click()
        expect(page.locator("#proposal")).to_contain_text("Moved")
        assert written(stored(database, session.id).starts_at) == written(hours[1])
        page.goto(base + paths[3])
        expect(page.locator("h2#card")).to_have_text("An hour is fixed.")
