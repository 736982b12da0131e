"""What keeps a draft from being published, how versions differ, and what a change would have done."""

import random
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.prescreens.models import QuestionType
from app.prescreens.presentation.questionnaires import differences
from app.prescreens.rules import questionnaires as rules
from app.prescreens.rules.bounds import Bounds
from app.prescreens.rules.effects import Given, Outcomes, effects
from app.prescreens.rules.question_types.money import currency_of
from app.prescreens.rules.questionnaires import Content, Kind
from app.prescreens.rules.questions import Clause, Expectation, Option, Question, read_questions
from tests.prescreens.factories import QUESTIONS

PUBLISHED = Content("Hello", read_questions(QUESTIONS))
TYPES = {question.key: question.type for question in PUBLISHED.questions}


def content(*stored: dict[str, Any]) -> Content:
    return Content("", read_questions([{"key": "q", "label": "Q", "type": "text", **each} for each in stored]))


def test_what_is_published_has_no_problem() -> None:
    assert rules.problems(PUBLISHED, TYPES) == []


CHOICE = {"type": "choice", "options": [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]}


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ([], "no question yet"),
        ([{"key": "no spaces"}], "Its key must begin"),
        ([{"key": "k" * 61}], "Its key must begin"),
        ([{}, {}], "the same key"),
        ([{"label": "\u200b"}], "no text"),
        ([{"label": "x" * 301}], "more than 300"),
        ([{"key": "budget"}], "a number was asked"),
        ([{**CHOICE, "options": []}], "at least two"),
        ([{**CHOICE, "options": [{"value": "a", "label": "A"}] * 2}], "the same value"),
        ([{"options": CHOICE["options"]}], "have any"),
        ([{"type": "money"}], "needs a currency"),
        ([{"type": "money", "currency": "ZZZ"}], "needs a currency"),
        ([{"type": "number", "bounds": {"at_least": 3, "at_most": 2}}], "larger than the largest"),
        ([{"type": "number", "bounds": {"step": 0}}], "0.000001 or more"),
        ([{"type": "number", "bounds": {"step": 1e-30}}], "0.000001 or more"),
        ([{"type": "date", "bounds": {"days_before": -5, "days_after": 4}}], "after the last"),
        ([{"type": "date", "bounds": {"days_after": -10_000_000}}], "at most 100,000 before or after"),
        ([{"criterion": "c", "expects": {"at_least": 3}}], "does not fit"),
        ([{**CHOICE, "criterion": "c", "expects": {"one_of": ["z"]}}], "cannot be chosen"),
        ([{"type": "yesno", "criterion": "c", "expects": {"one_of": [1]}}], "cannot be chosen"),
        ([{"type": "number", "expects": {"at_least": 3}}], "needs a sentence"),
        ([{"type": "number", "criterion": "c", "expects": {"at_least": 3, "at_most": 2}}], "No number can meet"),
        ([{"condition": {"all": [{"key": "later", "answered": True}]}}, {"key": "later"}], "does not come before"),
        ([{"key": "a", **CHOICE}, {"condition": {"all": [{"key": "a", "one_of": ["z"]}]}}], "cannot be chosen"),
        ([{"key": "a", "type": "yesno"}, {"condition": {"all": [{"key": "a", "one_of": [0]}]}}], "cannot be chosen"),
        ([{"key": "a"}, {"condition": {"all": [{"key": "a", "at_least": 3}]}}], "depends on a number"),
        ([{"key": f"q{n}"} for n in range(101)], "at most 100"),
    ],
)
def test_what_keeps_it_from_being_published(stored: list[dict[str, Any]], words: str) -> None:
    found = [each.sentence for each in rules.problems(content(*stored), TYPES)]
    assert any(words in sentence for sentence in found), found


def test_a_bound_is_named_to_whoever_breaks_it() -> None:
    """The furthest that can be published: as a day, and as a step of the largest number."""
    today = date(2026, 11, 30)
    for days in (-rules.MOST_DAYS, rules.MOST_DAYS):
        bounds = Bounds(days_before=-days, days_after=days)
        assert rules.problems(content({"type": "date", "bounds": bounds.stored()}), {}) == []
        assert bounds.limit("too_late", today) == bounds.limit("too_early", today)
    assert Bounds(step=rules.FINEST).broken_by(rules.MOST - rules.FINEST, None) == ""


def test_a_number_is_the_same_with_a_point() -> None:
    """A file may say 3.0 where people type 3."""
    clause = Clause("people", one_of=(3.0,))
    assert clause.met(3)
    assert not clause.met(True)
    assert not Clause("people", one_of=(1,)).met(True)


LIMITS = ("at_least", "at_most", "days_before", "days_after", "files", "megabytes")


def with_budget(**changed: Any) -> Content:
    return rules.with_question(PUBLISHED, 2, replace(PUBLISHED.questions[2], **changed))


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"hint": "In dollars"}, Kind.HARMLESS),
        ({"label": "What can you pay?"}, Kind.MEANING),
        ({"expects": Expectation(at_least=2600)}, Kind.MEANING),
        ({"bounds": replace(PUBLISHED.questions[2].bounds, at_most=9000)}, Kind.MISFIT),
        ({"bounds": replace(PUBLISHED.questions[2].bounds, at_least=None)}, Kind.HARMLESS),
        ({"options": (Option("a", "A"),)}, Kind.HARMLESS),
    ],
)
def test_what_a_change_does_to_old_answers(changed: dict[str, Any], kind: Kind) -> None:
    (found,) = rules.changes(PUBLISHED, with_budget(**changed))
    assert (found.key, found.kind) == ("budget", kind)


@pytest.mark.parametrize(
    ("before", "after", "tighter"),
    [
        ({}, {"whole": True}, True),
        ({"whole": True, "at_least": 1}, {"whole": True}, False),
        ({"whole": True}, {}, False),
        ({}, {"step": 5}, True),
        ({"step": 5, "at_most": 10}, {"step": 5, "at_most": 20}, False),
        ({"step": 5}, {}, False),
        ({}, {"only": "pictures"}, True),
        ({"only": "pictures", "files": 1}, {"only": "pictures", "files": 2}, False),
        *(({}, {name: 3}, True) for name in LIMITS),
        *(({name: 3}, {}, False) for name in LIMITS),
        *(({name: 3}, {name: 2}, name != "at_least") for name in LIMITS),
        *(({name: 3}, {name: 4}, name == "at_least") for name in LIMITS),
    ],
)
def test_a_tighter_bound_does_not_fit_and_a_wider_one_does(
    before: dict[str, Any], after: dict[str, Any], tighter: bool
) -> None:
    (found,) = rules.changes(with_budget(bounds=Bounds(**before)), with_budget(bounds=Bounds(**after)))
    assert found.kind == (Kind.MISFIT if tighter else Kind.HARMLESS)


def test_an_answer_that_can_no_longer_be_chosen_does_not_fit() -> None:
    pets = PUBLISHED.questions[4]
    after = rules.with_question(PUBLISHED, 4, replace(pets, options=pets.options[:1]))
    assert [each.kind for each in rules.changes(PUBLISHED, after)] == [Kind.MISFIT]


def test_differences_are_said_in_words() -> None:
    changed = with_budget(expects=Expectation(at_least=2600), hidden=True)
    after = replace(changed, questions=(*changed.questions[1:2], changed.questions[0], *changed.questions[2:-1]))
    rows = [(row.where, row.before, row.after) for row in differences(PUBLISHED, after)]
    assert rows[:3] == [
        ("3 · rule", "at least 2,400", "at least 2,600"),
        ("3 · first look", "shown", "hidden at the first look"),
        ("8 · question (removed)", "Anything else?", ""),
    ]
    assert rows[3][0] == "Order"
    assert differences(PUBLISHED, PUBLISHED) == []


def recount(given: list[Given]) -> list[int]:
    decisions = ("approved", "denied", "pending_review")
    return [len(given), *(sum(each.decision == decision for each in given) for decision in decisions)]


def counted(found: Outcomes) -> list[int]:
    return [found.number, found.approved, found.denied, found.waiting]


def test_the_effects_equal_a_recount() -> None:
    dice = random.Random(7)
    given = [
        Given(UUID(int=n), {"budget": dice.randrange(2000, 3000)} if dice.random() < 0.9 else {}, decision, waits)
        for n in range(200)
        for decision, waits in [dice.choice([("approved", False), ("denied", False), ("pending_review", True)])]
    ]
    (effect,) = effects(PUBLISHED, with_budget(expects=Expectation(at_least=2600)), given)
    missed = [each for each in given if 2400 <= each.submission.get("budget", 0) < 2600]
    assert missed
    assert (counted(effect.newly_miss), counted(effect.newly_meet)) == (recount(missed), [0, 0, 0, 0])
    (lowered,) = effects(PUBLISHED, with_budget(expects=Expectation(at_least=2200)), given)
    met = [each for each in given if 2200 <= each.submission.get("budget", 0) < 2400]
    assert met
    assert (counted(lowered.newly_meet), counted(lowered.newly_miss)) == (recount(met), [0, 0, 0, 0])
    assert effects(PUBLISHED, with_budget(hint="x"), given) == []


def test_a_new_question_counts_who_would_be_asked() -> None:
    breed = Question.read(
        {"key": "breed", "label": "Which?", "type": "text", "condition": {"key": "hasPets", "values": [True]}}
    )
    after = replace(PUBLISHED, questions=(*PUBLISHED.questions, breed))
    given = [Given(UUID(int=n), {"hasPets": n < 3}, "approved", False) for n in range(8)]
    (effect,) = effects(PUBLISHED, after, given)
    assert effect.asked == 3


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("What is your full name?", "fullName"),
        ("How many people will live there?", "peopleLive"),
        ("¿Cuál es su presupuesto mensual?", "presupuestoMensual"),
        ("ما اسمك؟", "question"),
        ("???", "question"),
    ],
)
def test_a_key_is_proposed_from_the_question(label: str, key: str) -> None:
    assert rules.proposed_key(label, ()) == key
    assert rules.proposed_key(label, {key}) == f"{key}2"


def test_a_key_takes_its_conditions_along() -> None:
    renamed = rules.with_question(PUBLISHED, 3, replace(PUBLISHED.questions[3], key="animals"))
    condition = renamed.questions[4].condition
    assert condition is not None
    assert [clause.key for clause in condition.clauses] == ["animals"]


@pytest.mark.parametrize(
    ("label", "criterion", "asks"),
    [
        ("How many people will live there?", "up to 4", True),
        ("How many people will live there?", "", False),
        ("Do you have children?", "none", True),
        ("Monthly budget", "at least 2,400", False),
        ("¿Cuántos hijos tiene?", "ninguno", True),
        ("ما جنسيتك؟ الجنسية", "أي جنسية", True),
        ("هل لديك أطفال؟", "لا", True),
        ("كم عدد أفراد الأسرة؟", "حتى 4", True),
        ("ما ميزانيتك الشهرية؟", "لا تقل عن 2400", False),
    ],
)
def test_criteria_about_protected_matters_are_marked(label: str, criterion: str, asks: bool) -> None:
    question = Question("k", label, QuestionType.TEXT, criterion=criterion)
    assert rules.touches_protected(question) is asks


def test_the_currency_is_that_of_the_country() -> None:
    assert [currency_of(country, "America/New_York") for country in ("GB", "AE", "FR", None)] == [
        "GBP",
        "AED",
        "EUR",
        "USD",
    ]
