"""The pages after sending, and who is asked to press Start once more."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens import links
from app.prescreens.models import Prescreen
from app.prescreens.public import answering
from app.prescreens.rules import review
from tests.cast import Cast
from tests.clocks import Clock
from tests.prescreens.factories import JANE, prescreen
from tests.prescreens.visitors import START, Visitor, answer_all


def days(*amounts: float) -> list[timedelta]:
    return [timedelta(days=amount) for amount in amounts]


@pytest.mark.parametrize(
    ("waits", "usual"),
    [
        ([], None),
        (days(*[1] * 9), None),
        (days(*[0.1] * 10), 1),
        (days(*[1] * 8, 20, 20), 1),
        (days(*[1] * 7, 2.5, 20, 20), 3),
        (days(*range(1, 11)), 8),
    ],
)
def test_the_usual_time_is_that_of_most_of_enough_decisions(waits: list[timedelta], usual: int | None) -> None:
    assert review.usual_days(waits) == usual


def test_the_page_says_how_long_it_usually_takes(visitor: Visitor, database: Database, cast: Cast) -> None:
    for n in range(10):
        if n == 9:
            answer_all(visitor.get(START).press("/start")).press("/complete")
            assert "decided most" not in visitor.page, "nine decisions say nothing yet"
        prescreen(database, cast.marston.id, "approved")
    assert "Marston &amp; Vale decided most of its latest prescreens within 1 day." in visitor.get(visitor.path).page
    assert "within 1 day." in visitor.get(visitor.status_path).page


def test_the_address_of_the_status_page_can_be_taken_along(visitor: Visitor) -> None:
    answer_all(visitor.get(START).press("/start")).press("/complete")
    for way in (
        'data-copy="status-link"',
        'data-share="status-link"',
        'href="sms:?&amp;body=http',
        "<svg",
        'class="qr"',
    ):
        assert way in visitor.page, way


def test_the_status_page_is_a_timeline(visitor: Visitor, database: Database, cast: Cast) -> None:
    for state, word in (("completed", "Pending"), ("approved", "Approved"), ("denied", "Denied")):
        id = prescreen(database, cast.marston.id, state)
        page = visitor.get(f"{START}/status/{links.token(database.config, links.STATUS, id)}").page
        timeline = page.partition('class="timeline"')[2].partition("</ol>")[0]
        assert timeline.count("<li") == 2
        assert "<strong>Answers sent</strong>" in timeline
        assert f"<strong>{word}</strong>" in timeline
    never_sent = prescreen(database, cast.marston.id, "active")
    page = visitor.get(f"{START}/status/{links.token(database.config, links.STATUS, never_sent)}").page
    assert "Answers sent" not in page


def test_the_first_page_says_who_sees_the_answers_and_how_long(visitor: Visitor) -> None:
    page = visitor.get(START).page
    assert "People at Marston &amp; Vale who decide about prospects see your answers." in page
    assert "stays with Marston &amp; Vale until they erase it" in page


def drafts(database: Database) -> int:
    with database.read() as db:
        return int(db.scalar(select(func.count()).select_from(Prescreen)) or 0)


def test_programs_are_asked_to_press_once_more(
    visitor: Visitor, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "LEAST_SECONDS", 2)
    visitor.get(START).press("/start")
    assert "Please press Start once more." in visitor.page
    assert drafts(database) == 0
    clock.move(seconds=3)
    visitor.press("/start", website="https://spam.example.com")
    assert drafts(database) == 0
    clock.move(seconds=3)
    assert visitor.press("/start").step == "fullName"
    assert drafts(database) == 1


def test_the_trap_is_for_programs_alone(visitor: Visitor) -> None:
    page = visitor.get(START).page
    trap = page.partition('aria-hidden="true"><label>')[2].partition("</div>")[0]
    for needed in ('name="website"', 'tabindex="-1"', 'autocomplete="off"'):
        assert needed in trap


def test_progress_does_not_move(visitor: Visitor, database: Database) -> None:
    visitor.get(START).press("/start")
    totals = set()
    for key, given in (("fullName", "Jane"), ("moveInDate", "2027-04-01"), ("budget", "2500"), ("hasPets", "no")):
        totals.add(visitor.page.partition("of up to ")[2].partition(" ")[0])
        visitor.press("/answer", step=key, answer=given)
    assert totals == {"8"}
    assert "4 of up to 8 questions answered" in visitor.page


def test_each_new_question_has_the_focus_also_a_choice(visitor: Visitor) -> None:
    visitor.get(START).press("/start")
    focused = []
    while visitor.step:
        focused.append(visitor.page.count("autofocus"))
        visitor.press(
            "/answer",
            step=visitor.step,
            answer=JANE.get(visitor.step, ""),
        )
    assert focused == [1] * 8
    visitor.change("pets")
    assert 'value="1 cat" checked autofocus' in visitor.page
    assert '<div role="log" aria-label="Your answers so far">' in visitor.page


def test_nothing_is_withdrawn_by_looking(visitor: Visitor, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, at=now())
    address = f"{START}/chat/{links.token(database.config, links.CHAT, id)}/withdraw"
    assert visitor.client.get(address).status_code == 303
