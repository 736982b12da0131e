"""States, expiry, questions and answers: pure decisions."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.kernel.errors import Conflict, Gone, Invalid, Refusal
from app.prescreens.models import QuestionType
from app.prescreens.rules import answers, review
from app.prescreens.rules.question_types import TYPES, Reader
from app.prescreens.rules.questions import Question, read_questions
from tests.prescreens.factories import QUESTIONS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ASKED = read_questions(QUESTIONS)


def a_prescreen(status: str = "completed", review_status: str = "pending_review", days: float = 3) -> Any:
    return SimpleNamespace(
        status=status,
        review_status=review_status,
        reviewed_by="Mira",
        expires_at=NOW + timedelta(days=days),
        withdrawn_at=None,
    )


@pytest.mark.parametrize(
    ("prescreen", "read"),
    [
        (a_prescreen("draft"), "draft"),
        (a_prescreen("active"), "active"),
        (a_prescreen("completed"), "completed"),
        (a_prescreen("draft", days=-1), "expired"),
        (a_prescreen("active", days=-1), "expired"),
        (a_prescreen("completed", days=-1), "expired"),
        (a_prescreen("completed", days=0), "expired"),
        (a_prescreen("completed", "approved", days=-1), "completed"),
        (a_prescreen("completed", "denied", days=-1), "completed"),
    ],
)
def test_expiry_is_read_and_never_touches_a_decision(prescreen: Any, read: str) -> None:
    assert review.status_of(prescreen, NOW) == read


@pytest.mark.parametrize(
    ("prescreen", "kind", "code"),
    [
        (a_prescreen("completed", "approved"), Conflict, "session.already_reviewed"),
        (a_prescreen("completed", "denied", days=-9), Conflict, "session.already_reviewed"),
        (a_prescreen("completed", days=-1), Invalid, "session.expired"),
        (a_prescreen("draft", days=-1), Invalid, "session.expired"),
        (a_prescreen("draft"), Invalid, "session.not_completed"),
        (a_prescreen("active"), Invalid, "session.not_completed"),
    ],
)
def test_only_a_completed_pending_one_can_be_reviewed(prescreen: Any, kind: type[Refusal], code: str) -> None:
    with pytest.raises(kind) as refused:
        review.check_review(prescreen, NOW)
    assert refused.value.code == code


def test_every_move_leads_to_a_known_state() -> None:
    assert {to for verbs in review.TRANSITIONS.values() for to in verbs.values()} <= review.TRANSITIONS.keys()
    review.check_review(a_prescreen(), NOW)


def test_prospects_may_answer_until_sent_or_over() -> None:
    review.check_answering(a_prescreen("draft"), NOW)
    with pytest.raises(Conflict):
        review.check_answering(a_prescreen("completed"), NOW)
    with pytest.raises(Gone):
        review.check_answering(a_prescreen("active", days=-1), NOW)


def test_no_time_is_left_of_what_is_over() -> None:
    assert review.time_left(NOW + timedelta(hours=10), NOW) == timedelta(hours=10)
    assert review.time_left(NOW - timedelta(days=3), NOW) == timedelta()


@pytest.mark.parametrize(
    ("plan", "asked", "given"), [("starter", 500, 50), ("pro", 500, 100), ("scale", 500, 200), ("pro", 7, 7)]
)
def test_pages_are_capped_by_plan(plan: str, asked: int, given: int) -> None:
    assert review.page_limit(plan, asked) == given


def a_question(kind: str, **facts: Any) -> Question:
    return Question.read({"key": "q", "label": "Q", "type": kind, **facts})


CHOICES = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]


@pytest.mark.parametrize(
    ("question", "typed", "value"),
    [
        (a_question("text"), ["  two   words "], "two words"),
        (a_question("longtext"), ["one\r\ntwo  three"], "one\ntwo  three"),
        (a_question("text"), ["<script>alert(1)</script>"], "<script>alert(1)</script>"),
        (a_question("text"), ["דניאל 🐈"], "דניאל 🐈"),
        (a_question("number"), ["2500"], 2500),
        (a_question("number"), ["2,500"], 2500),
        (a_question("number"), ["1 234 567.5"], 1234567.5),
        (a_question("number"), ["٢٥٠٠"], 2500),
        (a_question("number"), ["1 200 €"], 1200),
        (a_question("number"), ["$2,500"], 2500),
        (a_question("date"), ["٢٠٢٧-٠٤-٠١"], "2027-04-01"),
        (a_question("date"), ["2027/4/1"], "2027-04-01"),
        (a_question("name"), ["\u202eJane\u202c \u200b"], "Jane"),
        (a_question("name"), ["علی\u200cرضا"], "علی\u200cرضا"),
        (a_question("email"), ["\u200bjane@example.com\ufeff"], "jane@example.com"),
        (a_question("phone"), ["\u202a+1 555 010 4477\u202c"], "+1 555 010 4477"),
        (a_question("phone"), ["٠٥٥٥٠١٠٤٤٧"], "0555010447"),
        (a_question("date"), ["2027-04-01"], "2027-04-01"),
        (a_question("yesno"), ["yes"], True),
        (a_question("yesno"), ["no"], False),
        (a_question("choice", options=CHOICES), ["b"], "b"),
        (a_question("choices", options=CHOICES), ["b", "a"], ["a", "b"]),
        (a_question("email"), ["Jane@EXAMPLE.com"], "Jane@example.com"),
        (a_question("phone"), ["+1 (555) 010-4477"], "+1 (555) 010-4477"),
        (a_question("text", required=False), ["  "], None),
        (a_question("text", required=False), ["\u200b\u3164"], None),
        (a_question("phone", required=False), ["\u202a\u202c"], None),
        (a_question("number", required=False), [], None),
    ],
)
def test_answers_keep_their_type(question: Question, typed: list[str], value: Any) -> None:
    found = answers.check_answer(question, typed)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("question", "typed", "code"),
    [
        (a_question("text"), [""], "required"),
        (a_question("name"), ["\u200b"], "required"),
        (a_question("name"), ["\u3164"], "required"),
        (a_question("text"), ["\u2800"], "required"),
        (a_question("longtext"), ["\u0301"], "required"),
        (a_question("number"), ["\u202a\u202c"], "required"),
        (a_question("number"), ["0.250"], "two_readings"),
        (a_question("number"), ["-3"], "too_small"),
        (a_question("phone"), ["12345"], "not_a_phone"),
        (a_question("phone"), ["1234567890123456"], "not_a_phone"),
        (a_question("choices", options=CHOICES), [], "required"),
        (a_question("text"), ["x" * 201], "too_long"),
        (a_question("longtext"), ["x" * 5001], "too_long"),
        (a_question("number"), ["many"], "not_a_number"),
        (a_question("number"), ["1e9"], "not_a_number"),
        (a_question("number"), ["NaN"], "not_a_number"),
        (a_question("number"), ["9999999999999999"], "not_a_number"),
        (a_question("date"), ["01.04.2027"], "not_a_date"),
        (a_question("date"), ["2027-02-30"], "not_a_date"),
        (a_question("date"), ["0001-01-01"], "not_a_date"),
        (a_question("yesno"), ["perhaps"], "not_a_choice"),
        (a_question("choice", options=CHOICES), ["c"], "not_a_choice"),
        (a_question("choices", options=CHOICES), ["a", "c"], "not_a_choice"),
        (a_question("email"), ["jane at example"], "not_an_email"),
        (a_question("email"), ["a@example.com\nBcc: b@example.com"], "not_an_email"),
        (a_question("phone"), ["call me"], "not_a_phone"),
    ],
)
def test_what_does_not_fit_is_refused_without_repeating_it(question: Question, typed: list[str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        answers.check_answer(question, typed)
    assert [error.code for error in refused.value.errors] == [code]
    assert all(text not in refused.value.detail for text in typed if len(text) > 2)


def test_what_cannot_be_stored_is_taken_out() -> None:
    assert answers.check_answer(a_question("text"), ["a\x00b\x1bc"]) == "abc"


def test_a_question_that_is_not_asked_keeps_no_answer() -> None:
    given = {"fullName": "Jane", "hasPets": True, "pets": "1 cat"}
    has_pets = next(q for q in ASKED if q.key == "hasPets")
    assert answers.with_answer(ASKED, given, has_pets, False) == {"fullName": "Jane", "hasPets": False}


def test_the_next_step_follows_the_template() -> None:
    assert answers.next_question(ASKED, {}) == "fullName"
    assert answers.next_question(ASKED, {"fullName": "Jane"}) == "moveInDate"
    given = {"fullName": "Jane", "moveInDate": "2027-04-01", "budget": 2500, "hasPets": False}
    assert answers.next_question(ASKED, given) == "email"
    assert answers.next_question(ASKED, {**given, "hasPets": True}) == "pets"
    assert answers.next_question(ASKED, given, ["email"]) == "phone"
    assert answers.next_question(ASKED, {}, ["fullName"]) == "fullName", "a required question cannot be left empty"
    assert answers.next_question(ASKED, given, ["email", "phone", "more"]) is None
    assert answers.next_question(ASKED, {**given, "hasPets": True}, ["email", "phone", "more"]) == "pets"


def test_what_is_missing_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        answers.check_complete(ASKED, {"fullName": "Jane", "hasPets": True})
    assert [error.field for error in refused.value.errors] == ["moveInDate", "budget", "pets"]


def test_every_type_can_be_read() -> None:
    assert set(TYPES) == set(QuestionType)


TODAY = Reader("en", date(2026, 11, 28))


@pytest.mark.parametrize(
    ("key", "kind", "typed", "code"),
    [
        ("household", "number", "-3", "too_small"),
        ("people", "number", "0", "too_small"),
        ("numberOfOccupants", "number", "2.5", "not_whole"),
        ("personas", "number", "101", "too_large"),
        ("children", "number", "-1", "too_small"),
        ("rent", "number", "-1", "too_small"),
        ("monthlyIncome", "number", "-0.5", "too_small"),
        ("moveInDate", "date", "2020-04-01", "too_early"),
        ("emmenagement", "date", "2020-04-01", "too_early"),
        ("move_in", "date", "2025-11-26", "too_early"),
    ],
)
def test_what_a_question_asks_for_bounds_its_answer(key: str, kind: str, typed: str, code: str) -> None:
    question = Question.read({"key": key, "label": "Q", "type": kind})
    with pytest.raises(Invalid) as refused:
        answers.check_answer(question, [typed], TODAY)
    assert [error.code for error in refused.value.errors] == [code]


@pytest.mark.parametrize(
    ("key", "kind", "typed", "value"),
    [
        ("household", "number", "1", 1),
        ("children", "number", "0", 0),
        ("rent", "number", "0", 0),
        ("moveInDate", "date", "2026-11-01", "2026-11-01"),
        ("birthday", "date", "1950-04-01", "1950-04-01"),
    ],
)
def test_what_people_really_answer_is_within_the_bounds(key: str, kind: str, typed: str, value: object) -> None:
    question = Question.read({"key": key, "label": "Q", "type": kind})
    assert answers.check_answer(question, [typed], TODAY) == value


def test_a_question_may_state_its_own_bounds() -> None:
    question = a_question("number", bounds={"at_least": -10, "at_most": 10})
    assert answers.check_answer(question, ["-3"], TODAY) == -3
    with pytest.raises(Invalid):
        answers.check_answer(question, ["11"], TODAY)
    assert answers.check_answer(a_question("date", bounds={}), ["1900-01-01"], TODAY) == "1900-01-01"


def test_criteria_colour_and_never_decide() -> None:
    budget = next(q for q in ASKED if q.key == "budget")
    assert budget.met({"budget": 2500}) is True
    assert budget.met({"budget": 2399.5}) is False
    assert budget.met({}) is None
    assert budget.met({"budget": "lots"}) is None
