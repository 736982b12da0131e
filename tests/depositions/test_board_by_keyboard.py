"""The board, what runs now and a list by case without a mouse, narrow and dark; the dialog that changes a manager."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from app.accounts.models import Person
from app.depositions.models import Manager
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.depositions.test_day_by_keyboard import Keyboard, keys
from tests.project import visual_checks

__all__ = ["keys"]

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NOON = "2026-12-08 12:00"


@pytest.fixture(autouse=True)
def today(clock: Any, cast: Any, database: Any) -> datetime:
    """It is noon of Tuesday, 8 December 2026; the scheduler and the managers live by UTC."""
    moment = factories.at(NOON)
    clock.set(moment)
    with database.write() as db:
        db.execute(update(Person).values(time_zone="UTC"))
        db.execute(update(Manager).values(zone="UTC"))
    return moment


def request(database: Any, cast: Any, starts_at: datetime, who: str, **facts: Any) -> Any:
    mail = f"{who.lower()}@example.com"
    named = {
        "deponent_name": who,
        "deponent_email": mail,
        "case_name": f"{who} v. Quay",
        "invites": (),
        "details": {},
        "zone": "UTC",
    }
    return factories.request(database, cast, starts_at=starts_at, **{**named, **facts})


def test_arrows_the_dialog_the_days_and_the_week(keys: Keyboard, cast: Any, database: Any, today: datetime) -> None:
    short = request(database, cast, today + timedelta(hours=1), "Ashby", estimated_duration=0.25)
    later = request(database, cast, today + timedelta(hours=3), "Berg")
    below = factories.schedule(database, cast, request(database, cast, today + timedelta(hours=1), "Cole").id)
    page = keys.page
    keys.open("/depositions/board")
    keys.to(f"session-{short.id}")
    bar = page.locator(f"#session-{short.id}")
    assert (bar.bounding_box() or {})["width"] > 60, "with the focus on it a narrow bar shows its name and hours"
    expect(bar).to_contain_text("13:00–13:15")
    for key, one in (("ArrowRight", later), ("ArrowLeft", short), ("ArrowDown", below), ("ArrowUp", short)):
        page.keyboard.press(key)
        expect(page.locator(f"#session-{one.id}")).to_be_focused()
    page.keyboard.press("m")
    expect(page.locator("#preview-title")).to_contain_text("Schedule Ashby")
    page.keyboard.press("Escape")
    expect(bar).to_be_focused()
    page.keyboard.press("m")
    expect(page.locator("#preview-title")).to_be_focused()  # the closed dialog is still in the page until then
    expect(page.locator("#preview-title")).to_contain_text("Schedule Ashby")
    keys.fill("room_url", "https://rooms.example.com/r/1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#preview-title")).to_contain_text("Review and schedule")
    if page.locator("#confirm-reason").count():
        keys.fill("reason", "Ten minutes.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(f"#session-{short.id}:focus")).not_to_have_class(re.compile("waits"))
    assert stored(database, short.id).state == "scheduled"
    keys.press("Week")
    expect(page).to_have_url(re.compile(r"week=2026-12-08"))
    keys.press("Day")
    expect(page).to_have_url(re.compile(r"day=2026-12-08"))
    keys.page.locator("[rel=next]").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"day=2026-12-09"))
    keys.press("Today")
    expect(page.locator("h1")).to_contain_text("Tue 8 Dec")


def test_a_narrow_bar_at_the_end_of_the_day_opens_within_the_board(
    keys: Keyboard, cast: Any, database: Any, today: datetime
) -> None:
    last = request(database, cast, factories.at("2026-12-08 23:45"), "Ashby" * 8, estimated_duration=0.25)
    keys.open("/depositions/board?day=2026-12-08")
    bar = keys.page.locator(f"#session-{last.id}")
    bar.focus()
    shown, board = bar.bounding_box(), keys.page.locator("#board").bounding_box()
    assert shown
    assert board
    assert shown["width"] > 60
    assert shown["x"] + shown["width"] <= board["x"] + board["width"] + 1


@pytest.mark.parametrize("hours", [0.25, 0.5, 0.75, 1, 1.5, 2])
def test_a_short_bar_shows_its_name_beside_the_mark_of_an_overlap(
    keys: Keyboard, cast: Any, database: Any, today: datetime, hours: float
) -> None:
    """The mark is on the line of the name only where both fit; nothing of a line shows by half."""
    for _ in range(2):
        one = request(database, cast, today + timedelta(hours=1), "Featherstonehaugh", estimated_duration=hours)
    keys.open("/depositions/board")
    name, mark, room, lines, inside = keys.page.locator(f"#session-{one.id}").evaluate("""(bar) => {
        const style = getComputedStyle(bar), [name, mark, small] = [...bar.querySelectorAll(":scope > *")]
            .filter((each) => !each.matches(".visually-hidden")).map((each) => each.getBoundingClientRect());
        const pads = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
        const ends = bar.getBoundingClientRect().bottom - parseFloat(style.paddingBottom);
        return [name.width, mark.width, bar.clientWidth - pads, mark.top > name.top + 5, mark.bottom <= ends];
    }""")
    assert mark > 0
    assert inside
    assert name >= min(room - 1, 72), "it has the line, or room for nine letters"
    assert lines == (room < 72 + mark)


def test_what_runs_now_is_started_by_keys_and_cases_are_opened(
    keys: Keyboard, cast: Any, database: Any, today: datetime
) -> None:
    soon = factories.schedule(database, cast, request(database, cast, today + timedelta(minutes=10), "Ashby").id)
    page = keys.page
    keys.open("/depositions/now")
    keys.press("Start")
    expect(page.locator("form[action$='/start']")).to_have_count(0)
    assert stored(database, soon.id).state == "active"
    keys.open("/depositions/cases?view=everything")
    keys.press("Ashby v. Quay")
    expect(page.locator("h1")).to_contain_text("Ashby v. Quay")


@pytest.mark.parametrize("path", ["/depositions/board?day=2026-12-08&zone=UTC", "/depositions/board?case=berg"])
def test_the_filtered_board_is_legible_dark_and_narrow(
    keys: Keyboard, cast: Any, database: Any, today: datetime, path: str
) -> None:
    request(database, cast, today + timedelta(hours=1), "Ashby", estimated_duration=0.25)
    request(database, cast, today + timedelta(hours=1), "Berg")
    keys.page.emulate_media(color_scheme="dark")
    keys.open(path)
    assert list(visual_checks.findings(keys.page)) == []


def test_the_dialog_is_legible(keys: Keyboard, cast: Any, database: Any, today: datetime) -> None:
    waits = request(database, cast, today + timedelta(hours=1), "Ashby")
    keys.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    keys.open("/depositions/board")
    keys.page.locator(f"#session-{waits.id}").focus()
    keys.page.keyboard.press("m")
    expect(keys.page.locator("#preview-title")).to_be_visible()
    assert list(visual_checks.findings(keys.page)) == []


CUT = """(bars) => bars.flatMap((bar) => {
    const room = bar.getBoundingClientRect();
    return [...bar.querySelectorAll("small bdi")]
        .filter((each) => getComputedStyle(each).clipPath === "none")
        .filter((each) => {
            const text = document.createRange();
            text.selectNodeContents(each);
            return [...text.getClientRects()].some((line) => line.bottom > room.bottom + 3 || line.right > room.right);
        }).map((each) => `${Math.round(room.width)} px: ${each.textContent}`);
})"""
"""Hours of which a part lies beyond their bar; three pixels of a line are below its letters."""


@pytest.mark.parametrize("width", [1280, 1920])
def test_hours_on_a_bar_are_whole_and_all_of_them_are_read_on_it(
    keys: Keyboard, cast: Any, database: Any, today: datetime, width: int
) -> None:
    """The longest that there are: twelve hours of a clock on which both ends have their own AM and PM."""
    lengths = (1, 1.25, 1.5, 1.75, 2)
    for n, hours in enumerate(lengths):
        facts = {"zone": "America/Los_Angeles", "estimated_duration": hours}
        starts = today + timedelta(hours=8, minutes=-30)  # 11:30 AM there
        made = request(database, cast, starts, f"Featherstonehaugh{n}", **facts)
        factories.schedule(database, cast, made.id, reason="Both are short.")
        request(database, cast, starts, f"Cholmondeley{n}", **facts)
    page = keys.page
    page.set_viewport_size({"width": width, "height": 900})
    keys.open("/depositions/board?day=2026-12-08&from=12")
    bars = page.locator(".board a.session-bar")
    assert bars.count() == 2 * len(lengths)
    assert bars.evaluate_all(CUT) == []
    for bar in bars.all():
        bar.focus()
        assert bar.locator(".hours").evaluate("(hours) => getComputedStyle(hours).clipPath") == "none"
        assert bars.evaluate_all(CUT) == []
