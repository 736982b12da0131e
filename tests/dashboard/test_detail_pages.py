"""Pages of one item: what decides comes first, only what can be done now is a button, and nothing needs scrolling."""

import re
from datetime import timedelta
from typing import Any

import pytest

from app.depositions import actions
from app.depositions.models import Manager
from app.depositions.queries import managers
from app.depositions.views.choices import manager_choices
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.browsers import becomes
from tests.cast import Cast
from tests.depositions import factories
from tests.pages import text
from tests.prescreens.factories import prescreen
from tests.project.visual_checks import serving

LONG = "x" * 200
HOSTILE = {"deponent_name": LONG, "case_name": f"قضية {LONG} 🧾", "title": LONG}
NOT_NOW = re.compile(r"<summary><span>Not now: ([^<]*)</span></summary>(.*?)</details>", re.S)


@pytest.fixture
def ines(app: Any, cast: Cast) -> Any:
    return cast.sign_in(app.test_client(), "ines")


def not_now(page: str) -> tuple[list[str], str]:
    """The verbs in the folded line of what cannot be done, and the sentences below it."""
    (found,) = NOT_NOW.findall(page.partition('id="actions"')[2])
    return found[0].split(", "), found[1]


def buttons(page: str) -> list[str]:
    """The labels of the buttons in the panel."""
    panel = page.partition('id="actions"')[2].partition("</aside>")[0]
    found = re.findall(r"<button[^>]*>(.*?)</button>", panel, re.S)
    return [re.sub(r"<[^>]+>", "", label).strip() for label in found]


def test_what_cannot_be_done_is_no_button_and_says_why(ines: Any, database: Database, cast: Cast) -> None:
    waiting, booked = factories.request(database, cast), factories.in_state(database, cast, "scheduled")
    page = text(ines.get(f"/depositions/{waiting.id}"))
    verbs, sentences = not_now(page)
    assert verbs == ["move", "change the manager", "start", "end", "change the room", "offer other hours"]
    assert "Only a scheduled session can be started. Schedule it first." in sentences
    assert "Start the session" not in buttons(page)
    assert "Review and schedule" in buttons(page)
    assert "disabled" not in page.partition('id="actions"')[2].partition("</aside>")[0]
    page = text(ines.get(f"/depositions/{booked.id}"))
    verbs, sentences = not_now(page)
    assert verbs == ["schedule", "end"]
    assert "This request is already scheduled." in sentences
    assert "Review and schedule" not in buttons(page)
    assert "Start the session" in buttons(page)


def test_verbs_with_one_reason_share_its_line(client: Any, database: Database, cast: Cast) -> None:
    made = factories.request(database, cast)
    verbs, sentences = not_now(text(cast.sign_in(client, "aude").get(f"/depositions/{made.id}")))
    assert {"schedule", "start", "cancel"} <= set(verbs)
    assert sentences.count("Only the scheduling team may do this.") == 1


def test_the_hour_comes_first_then_flags_then_who_is_informed(ines: Any, database: Database, cast: Cast) -> None:
    made = factories.request(database, cast, starts_at=factories.at("2027-01-28 09:30"))
    page = text(ines.get(f"/depositions/{made.id}")).partition("<main")[2]
    order = ["<h1><time", "Orsolya Brandt", 'id="flags"', 'id="knowledge"', 'id="facts"', 'id="actions"', 'id="when"']
    places = [page.index(each) for each in [*order, 'id="story"']]
    assert places == sorted(places)


def test_who_was_informed_and_who_believes_what_no_longer_holds(ines: Any, database: Database, cast: Cast) -> None:
    made = factories.in_state(database, cast, "scheduled")
    page = text(ines.get(f"/depositions/{made.id}"))
    shown = page.partition('id="knowledge"')[2].partition("</section>")[0]
    assert "Who knows what" in shown
    assert "0 of 5 so far" in shown
    for address in ("orsolya@example.com", "quartz@example.com", "obsidian@example.com", "hooks.example.com"):
        assert address in shown
    factories.delivered(database)
    shown = text(ines.get(f"/depositions/{made.id}")).partition('id="knowledge"')[2].partition("</section>")[0]
    assert "all 5" in shown
    assert shown.count("version 1, ") == 5
    assert "Tell them…" not in shown
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), notify=False)
    shown = text(ines.get(f"/depositions/{made.id}")).partition('id="knowledge"')[2].partition("</section>")[0]
    assert "5 of 5 still believe that it takes place" in shown
    assert shown.count("badge filled danger") == 5
    assert "Tell them…" in shown


def test_free_managers_come_first_and_the_others_say_when_they_are_busy(
    ines: Any, database: Database, cast: Cast
) -> None:
    starts_at = now().replace(minute=0, second=0, microsecond=0) + timedelta(days=12)
    factories.schedule(database, cast, factories.request(database, cast, starts_at=starts_at).id)
    other = factories.request(database, cast, starts_at=starts_at, case_name="Another case", details={})
    page = text(ines.get(f"/depositions/{other.id}"))
    busy, somebody = re.findall(r'<label class="pick-row[^"]*">(.*?)</label>', page, re.S)
    assert "Ines Okafor" in busy
    assert "1 · 1 h 15 min" in busy
    assert "overlaps" in busy
    assert "Somebody else" in somebody
    person = cast.managers["ines"]
    zoe = Manager(id=9, name="Zoe Last", email="zoe@example.com", buffer_before=15, buffer_after=15, templates={})
    with database.read() as db:
        sessions = managers.booked(db, [person.id, zoe.id], other.starts_at, other.ends_at)
    choices = manager_choices([person, zoe], sessions, {}, other, set())
    assert [(one.name, one.busy, one.note[:8]) for one in choices] == [
        ("Zoe Last", False, "free all"),
        ("Ines Okafor", True, "overlaps"),
    ]


def test_other_sessions_of_the_case_are_named(ines: Any, database: Database, cast: Cast) -> None:
    case = "Keller v. Northline Freight"
    mine = factories.request(database, cast, deponent_name="Anna One")
    same = factories.request(database, cast, deponent_name="Berta Two", deponent_email="b@example.com")
    factories.request(database, cast, deponent_name="Cara", deponent_email="c@example.com", case_name=f"{case} II")
    factories.request(database, cast, "harbor", deponent_name="Dora Foreign", deponent_email="d@example.com")
    shown = text(ines.get(f"/depositions/{mine.id}")).partition('id="related"')[2].partition("</section>")[0]
    assert f"/depositions/{same.id}" in shown
    assert re.findall(r"<bdi>([^<]*)</bdi></a>", shown) == ["Berta Two"]


def test_a_prescreen_says_how_others_with_the_same_key_answers_were_decided(
    client: Any, database: Database, cast: Cast
) -> None:
    lena = cast.sign_in(client, "lena")
    low = {"budget": "1000"}
    waiting = prescreen(database, cast.marston.id, given=low)
    assert "Nobody with the same key answers was decided yet." in text(lena.get(f"/prescreens/{waiting}"))
    prescreen(database, cast.marston.id, "denied", given=low)
    prescreen(database, cast.marston.id, "approved")
    prescreen(database, cast.harbor.id, "denied", given=low)
    page = text(lena.get(f"/prescreens/{waiting}")).partition('id="item"')[2]
    assert "Same version, same key answers:</strong> 1 decided, 0 approved, 1 denied." in page
    assert page.index("<strong>1</strong> not met") < page.index("1,400 short</") < page.index('id="decide"')


@pytest.mark.browser
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestInABrowser:
    """Where things are on a screen."""

    IN_VIEW = """(selector) => {
        const box = document.querySelector(selector).getBoundingClientRect();
        const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return box.height > 0 && box.bottom <= innerHeight && document.querySelector(selector).contains(top);
    }"""
    WIDEST = """() => Math.max(...[...document.querySelectorAll('main :is(p:not(.breadcrumb), dd, td, li > span, h1)')]
        .map((each) => each.getBoundingClientRect().width))"""

    @pytest.fixture
    def opened(self, app: Any, cast: Cast, page: Any) -> Any:
        with serving(app) as address:

            def go(who: str, path: str, width: int, height: int) -> Any:
                name, value = cast.cookie(app, who)
                page.context.add_cookies([{"name": name, "value": value, "url": address}])
                page.set_viewport_size({"width": width, "height": height})
                page.goto(address + path, wait_until="load")
                return page

            yield go

    def test_on_a_phone_the_decision_is_one_press_away(self, opened: Any, database: Database, cast: Cast) -> None:
        id = prescreen(database, cast.marston.id, given={"fullName": LONG})
        page = opened("lena", f"/prescreens/{id}", 390, 844)
        assert page.evaluate(self.IN_VIEW, ".action-bar")
        page.click(".action-bar")
        for button in ("#approve", "#deny"):
            assert page.evaluate(self.IN_VIEW, button)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.keyboard.press("Tab")
        for _ in range(12):  # the focus stays where it can be seen
            becomes(page, "document.activeElement.closest('#actions, body > :not(header, nav, main)') !== null")
            page.keyboard.press("Tab")
            if not page.evaluate("document.activeElement.closest('#actions')"):
                break
        page.click(".sheet-head a")
        assert not page.is_visible(".sheet-head")

    def test_a_wide_window_has_three_columns(self, opened: Any, database: Database, cast: Cast) -> None:
        made = factories.request(database, cast, **HOSTILE)
        page = opened("ines", f"/depositions/{made.id}", 1920, 1080)
        lefts = page.evaluate(
            "[...document.querySelectorAll('.detail > *')].map((each) => Math.round(each.getBoundingClientRect().x))"
        )
        assert len(set(lefts)) == 3
        assert page.evaluate(self.WIDEST) <= 1200
        assert page.evaluate("document.documentElement.scrollWidth") <= 1920

    def test_keys_go_to_the_decision_and_to_what_is_missing(self, opened: Any, database: Database, cast: Cast) -> None:
        page = opened("lena", f"/prescreens/{prescreen(database, cast.marston.id)}", 1280, 900)
        for key, id in (("d", "deny"), ("a", "approve")):
            page.keyboard.press(key)
            becomes(page, "document.activeElement.id", id)
        made = factories.request(database, cast, details={})
        page = opened("ines", f"/depositions/{made.id}", 1280, 900)
        page.keyboard.press("Control+Enter")
        becomes(page, "document.activeElement.name", "room_url")
        asked_for = factories.request(database, cast)  # with a manager whom the team does not have
        page = opened("ines", f"/depositions/{asked_for.id}", 1280, 900)
        page.keyboard.press("Control+Enter")
        becomes(page, "document.activeElement.name", "manager_email")
