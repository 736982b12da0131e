"""Questionnaires as their editor shows them: one line a question, and the differences of versions."""

from collections.abc import Sequence
from typing import NamedTuple

from app.prescreens.models import QuestionType
from app.prescreens.presentation.questions import answer_text, condition_text
from app.prescreens.rules import questionnaires as rules
from app.prescreens.rules.bounds import Bounds
from app.prescreens.rules.question_types import TYPES
from app.prescreens.rules.questionnaires import Change, Content, Kind
from app.prescreens.rules.questions import Question

MEMBERS = {
    "": "question",
    "label": "text",
    "hint": "help",
    "short": "short name",
    "required": "required",
    "options": "answers",
    "bounds": "bounds",
    "currency": "currency",
    "criterion": "criterion",
    "expects": "rule",
    "condition": "asked",
    "headline": "in the list",
    "hidden": "first look",
}
TONES = {Kind.HARMLESS: "", Kind.MEANING: "warn", Kind.MISFIT: "danger"}
_FLAGS = {
    "required": ("may be left empty", "required"),
    "headline": ("not shown", "shown"),
    "hidden": ("shown", "hidden at the first look"),
}


class DifferenceRow(NamedTuple):
    """One difference: where, what it was, what it becomes, and what that does to old answers."""

    where: str
    before: str
    after: str
    kind: str
    tone: str


def differences(before: Content, after: Content) -> list[DifferenceRow]:
    """The differences of two versions, for a table."""
    numbers = {question.key: n for n, question in enumerate(before.questions, 1)}
    numbers |= {question.key: n for n, question in enumerate(after.questions, 1)}
    rows = [_difference(change, numbers[change.key], before, after) for change in rules.changes(before, after)]
    if before.introduction != after.introduction:
        rows.insert(0, DifferenceRow("Introduction", before.introduction, after.introduction, Kind.HARMLESS, ""))
    for name, (one, other) in rules.other_texts(before, after).items():
        if one != other:
            rows.append(DifferenceRow(name, one, other, Kind.HARMLESS, ""))
    if rules.order_differs(before, after):
        old, new = (", ".join(question.key for question in each.questions) for each in (before, after))
        rows.append(DifferenceRow("Order", old, new, Kind.HARMLESS, ""))
    return rows


def _difference(change: Change, number: int, before: Content, after: Content) -> DifferenceRow:
    member = change.member or "label"
    old = member_text(change.before, member, before.questions) if change.before else ""
    new = member_text(change.after, member, after.questions) if change.after else ""
    gone = " (removed)" if change.after is None else ""
    where = f"{number} · {MEMBERS[change.member]}{gone}"
    return DifferenceRow(where, old, new, change.kind.value, TONES[change.kind])


def member_text(question: Question, member: str, questions: Sequence[Question]) -> str:
    """One part of a question in words."""
    if member in _FLAGS:
        return _FLAGS[member][bool(getattr(question, member))]
    if member == "options":
        return ", ".join(option.label for option in question.options)
    if member == "bounds":
        return bounds_text(question, question.bounds) or "none"
    if member == "expects":
        return rule_text(question) or "a person reads it"
    if member == "condition":
        return f"only if {condition_text(question.condition, questions)}" if question.condition else "always"
    return str(getattr(question, member))


def rule_text(question: Question) -> str:
    """The rule of a criterion: `at least $2,400`; empty where a person reads the answer."""
    expects = question.expects
    if expects is None:
        return ""
    parts = [
        "" if expects.at_least is None else f"at least {answer_text(question, expects.at_least)}",
        "" if expects.at_most is None else f"at most {answer_text(question, expects.at_most)}",
        " or ".join(answer_text(question, value) for value in expects.one_of),
    ]
    return ", ".join(filter(None, parts))


def bounds_text(question: Question, bounds: Bounds) -> str:
    """The bounds of a question: `at least $0, whole`, `up to 180 days after today`."""
    parts = [
        "" if bounds.at_least is None else f"at least {answer_text(question, bounds.at_least)}",
        "" if bounds.at_most is None else f"at most {answer_text(question, bounds.at_most)}",
        "whole" if bounds.whole else "",
        f"in steps of {answer_text(question, bounds.step)}" if bounds.step else "",
        "" if bounds.days_before is None else f"not before {bounds.days_before} days ago",
        "" if bounds.days_after is None else f"up to {bounds.days_after} days after today",
    ]
    return ", ".join(filter(None, parts))


class QuestionRow(NamedTuple):
    """One question in the editor's list: its line, what must be mended, and what a lawyer should look at."""

    question: Question
    detail: str
    problems: Sequence[str]
    is_new: bool
    locked: bool
    lawyer: bool


def question_rows(content: Content, published: dict[str, QuestionType]) -> list[QuestionRow]:
    """The questions of a draft, in order."""
    problems = rules.problems(content, published)
    return [
        QuestionRow(
            question,
            " · ".join(
                filter(
                    None,
                    [
                        TYPES[question.type].title,
                        question.criterion or rule_text(question),
                        "" if question.required else "may be left empty",
                        f"if {condition_text(question.condition, content.questions)}" if question.condition else "",
                        "hidden at the first look" if question.hidden else "",
                    ],
                )
            ),
            [each.sentence for each in problems if each.number == number],
            question.key not in published,
            question.key in published,
            rules.touches_protected(question),
        )
        for number, question in enumerate(content.questions, 1)
    ]
