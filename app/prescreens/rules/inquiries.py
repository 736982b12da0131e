"""What an agent may ask a prospect again, and what the prospect still has to answer."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from app.kernel.errors import Conflict, FieldError, Gone, Invalid
from app.prescreens.models import Inquiry, Prescreen, QuestionType, ReviewStatus, Status, Submission
from app.prescreens.rules.questions import Question, applicable, read_questions
from app.prescreens.rules.review import has_expired

ASKED, ANSWERED = "asked", "answered"
MOST_ADDED = 5
LENGTHS = {"added": 300, "text": 1000}
FORGOTTEN = "This link leads nowhere any more. Ask the person who gave it to you."


def why_not_ask(prescreen: Prescreen, now: datetime) -> str | None:
    """Why nothing can be asked now, or None."""
    if prescreen.review_status != ReviewStatus.PENDING:
        return "It is decided, so there is nothing left to ask."
    if has_expired(prescreen, now):
        return "It expired 30 days after it was started, so nothing can be asked any more."
    if prescreen.status != Status.COMPLETED:
        return "The prospect is still answering."
    if prescreen.inquiry == ASKED:
        return "The prospect has not answered what was asked last."
    if not prescreen.email:
        return "No e-mail address was given, so nobody can be asked."
    return None


def check_ask(
    prescreen: Prescreen,
    questions: Sequence[Question],
    keys: Collection[str],
    labels: Iterable[str],
    text: str,
    now: datetime,
) -> tuple[list[str], list[Question]]:
    """The questions to reopen, in their order, and the further ones. Raises Conflict, Invalid."""
    sentence = why_not_ask(prescreen, now)
    if sentence:
        raise Conflict(f"{sentence} Nothing was sent.", code="inquiry.not_possible")
    known = [question.key for question in applicable(questions, prescreen.submission)]
    added = [label for label in labels if label]
    if set(keys) - set(known):
        raise _wrong("keys", "One of these questions is not asked of this prospect.")
    if not keys and not added:
        raise _wrong("keys", "Choose a question to ask again, or write one.")
    if len(added) > MOST_ADDED:
        raise _wrong("added", f"Write at most {MOST_ADDED} questions.")
    if any(len(label) > LENGTHS["added"] for label in added):
        raise _wrong("added", f"Use at most {LENGTHS['added']} characters for a question.")
    if len(text) > LENGTHS["text"]:
        raise _wrong("text", f"Use at most {LENGTHS['text']:,} characters.")
    taken = {question.key for question in questions} | prescreen.submission.keys()
    names = (f"asked{n}" for n in range(1, 1000) if f"asked{n}" not in taken)
    further = [Question(next(names), label, QuestionType.LONGTEXT) for label in added]
    return [key for key in known if key in keys], further


def asked_questions(inquiry: Inquiry, questions: Sequence[Question]) -> list[Question]:
    """The questions of an inquiry, without conditions: each is asked."""
    known = [replace(question, condition=None) for question in questions if question.key in inquiry.keys]
    return [*known, *read_questions(inquiry.added)]


def open_question(inquiry: Inquiry, questions: Sequence[Question], step: str | None = None) -> Question | None:
    """The question of `step`, else the first without an answer; None when all are answered."""
    asked = asked_questions(inquiry, questions)
    chosen = next((question for question in asked if question.key == step), None)
    return chosen or next((question for question in asked if question.key not in inquiry.given), None)


def check_open(inquiry: Inquiry, prescreen: Prescreen, now: datetime) -> None:
    """Whether the prospect may still answer. The sentences address the prospect."""
    if inquiry.answered_at is not None:
        raise Conflict("Your answers were already sent. They cannot be changed any more.", code="inquiry.answered")
    if prescreen.review_status != ReviewStatus.PENDING:
        raise Gone("This was decided meanwhile, so no more answers are needed.", code="inquiry.decided")
    if has_expired(prescreen, now):
        raise Gone("This questionnaire was open for 30 days and has closed.", code="session.expired")


def merged(inquiry: Inquiry, questions: Sequence[Question], submission: Submission) -> tuple[Submission, Submission]:
    """The answers of the prescreen with those of the inquiry, in the questionnaire's order; and what stood there.

    Answers whose question is no longer asked, by one that changed, go. An optional answer that was left empty goes too.
    """
    answers = {key: value for key, value in {**submission, **inquiry.given}.items() if value is not None}
    due = [question.key for question in applicable(questions, answers)]
    known = {question.key for question in questions}
    kept = {key: answers[key] for key in due if key in answers}
    kept |= {key: value for key, value in answers.items() if key not in known}
    former = {key: value for key, value in submission.items() if kept.get(key) != value}
    return kept, former


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(f"{sentence} Nothing was sent.", errors=[FieldError(field, "invalid", sentence)])
