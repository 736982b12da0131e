"""Answering: each answer is kept as given, by whoever holds the link, until it is sent or 30 days are over."""

import threading
from datetime import timedelta

import pytest

from app.kernel.changes import events
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Gone, Invalid
from app.kernel.text import search
from app.prescreens import actions
from app.prescreens.queries import questionnaires
from tests.cast import Cast
from tests.prescreens.factories import JANE, PROSPECT, prescreen, stored, template


def test_start_makes_a_draft_with_thirty_days(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "draft")
    row = stored(database, id)
    assert (row.status, row.submission, row.review_status) == ("draft", {}, "pending_review")
    assert row.expires_at - row.created_at == timedelta(days=30)
    assert row.expires_on == row.expires_at.date()
    with database.read() as db:
        assert events.timeline(db, "prescreen", id) == [], "an empty draft is no event: it may be forgotten"


def test_a_closed_template_takes_nobody(database: Database, cast: Cast) -> None:
    with database.write() as db:
        template(db, cast.marston.id, "closed", is_open=False)
        workflow = questionnaires.by_address(db, "marston", "closed")
    assert workflow is not None
    with pytest.raises(Gone), database.write() as db:
        actions.start(db, workflow, by=PROSPECT, now=now())


def test_the_first_answer_makes_it_active(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    row = stored(database, id)
    assert (row.status, row.submission, row.name) == ("active", {"fullName": "Jane Smith"}, "Jane Smith")
    with database.read() as db:
        assert [event.kind for event in events.timeline(db, "prescreen", id)] == ["prescreen.started"]


def test_answers_keep_type_and_template_order(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "draft")
    with database.write() as db:
        for key in reversed(JANE):
            if key != "pets":
                actions.answer(db, id, key, [JANE[key]], by=PROSPECT, now=now())
        actions.answer(db, id, "pets", ["1 cat"], by=PROSPECT, now=now())
    given = stored(database, id).submission
    assert list(given) == list(JANE)
    assert given["budget"] == 2500
    assert given["hasPets"] is True


def test_answering_twice_changes_the_answer(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    with database.write() as db:
        actions.answer(db, id, "fullName", ["Janet Smith"], by=PROSPECT, now=now())
    row = stored(database, id)
    assert (row.submission, row.name) == ({"fullName": "Janet Smith"}, "Janet Smith")
    with database.read() as db:
        assert search.ids(db, "prescreen", "janet smith", None) == [str(id)]
        assert search.ids(db, "prescreen", "jane ", None) == [str(id)]
        assert search.ids(db, "prescreen", "janes", None) == []


def test_an_optional_question_may_be_left_out(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    with database.write() as db:
        assert "email" not in actions.answer(db, id, "email", [""], by=PROSPECT, now=now())


def test_a_question_that_is_not_asked_takes_no_answer(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    for key in ("pets", "nothing-of-this-name"):
        with pytest.raises(Invalid) as refused, database.write() as db:
            actions.answer(db, id, key, ["1 cat"], by=PROSPECT, now=now())
        assert refused.value.code == "answer.not_asked"


def test_what_does_not_fit_changes_nothing(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    before = stored(database, id)
    with pytest.raises(Invalid), database.write() as db:
        actions.answer(db, id, "budget", ["a lot"], by=PROSPECT, now=now())
    assert stored(database, id) == before


def test_sent_answers_cannot_be_changed(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "completed")
    with pytest.raises(Conflict), database.write() as db:
        actions.answer(db, id, "budget", ["1"], by=PROSPECT, now=now())


def test_after_thirty_days_it_is_over(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active", at=now() - timedelta(days=30))
    with pytest.raises(Gone), database.write() as db:
        actions.answer(db, id, "budget", ["2500"], by=PROSPECT, now=now())


def test_two_tabs_lose_nothing(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    given = {"moveInDate": "2027-04-01", "budget": "2500", "hasPets": "no", "phone": "+1 555 010 4477", "more": "No."}
    ready = threading.Barrier(len(given))

    def answer(key: str, value: str) -> None:
        ready.wait()
        with database.write() as db:
            actions.answer(db, id, key, [value], by=PROSPECT, now=now())

    tabs = [threading.Thread(target=answer, args=pair) for pair in given.items()]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert stored(database, id).submission.keys() == {"fullName", *given}
