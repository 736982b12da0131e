"""Prescreens as pages show them: labels, answers, rows of the list. Icons are names in static/icons.svg.

Staff read English; prospects read the language of their chat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import get_currency_name
from markupsafe import Markup

from app.accounts.access import Me
from app.dashboard.badges import Badge, RankedBadges, rank
from app.dashboard.queue import Label
from app.dashboard.undo import presentation as undo_presentation
from app.dashboard.undo.models import Decision
from app.kernel.text import datetimes, normalization
from app.kernel.text.i18n import Translator
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import QuestionType, ReviewStatus, Status, Submission
from app.prescreens.queries.contacts import EarlierPrescreen, KnownContact
from app.prescreens.queries.listing import ListedPrescreen
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import matching, review
from app.prescreens.rules.bounds import LIMITING
from app.prescreens.rules.question_types import TYPES, plain_text
from app.prescreens.rules.questions import Answer, Condition, Question, applicable
from app.prescreens.rules.review import Reviewable

ENGLISH = TRANSLATIONS.translator("en")
DAY = timedelta(days=1)
LONG_ANSWER = 280
"""Number of characters above which the page shows only the beginning of an answer, with the rest folded away."""


class TabWords(NamedTuple):
    """What a tab is called, its page, and what its number counts, of one and of several. Without a label: no tab."""

    label: str
    title: str
    counts: tuple[str, str]


def _too_late(days: str) -> tuple[str, str]:
    after = f"within {days} days and cannot be decided after that"
    return f"expires {after}", f"expire {after}"


TABS = {
    ("waiting", None): TabWords("To review", "Prescreens to review", ("waits for a decision", "wait for a decision")),
    ("waiting", 3): TabWords("Within 3 days", "To review within three days", _too_late("three")),
    ("waiting", 7): TabWords("Within 7 days", "To review within seven days", _too_late("seven")),
    ("answering", None): TabWords(
        "Answering", "Prospects still answering", ("prospect is still answering", "prospects are still answering")
    ),
    ("decided", None): TabWords("Decided", "Decided prescreens", ("is decided", "are decided")),
    ("approved", None): TabWords("", "Approved prescreens", ("is approved", "are approved")),
    ("denied", None): TabWords("", "Denied prescreens", ("is denied", "are denied")),
    ("expired", None): TabWords(
        "Expired", "Expired prescreens", ("expired without a decision", "expired without a decision")
    ),
    ("all", None): TabWords("All", "All prescreens", ("prescreen in all", "prescreens in all")),
}
STATE_CHOICES = (
    ("", "to review"),
    ("answering", "answering"),
    ("decided", "decided"),
    ("approved", "approved"),
    ("denied", "denied"),
    ("expired", "expired"),
    ("all", "everything"),
)
GROUPS = {
    "within-3": Label("Three days or fewer", "hourglass", "danger"),
    "within-7": Label("Three to seven days", "calendar-clock", "warn"),
    "later": Label("More than seven days", "calendar"),
    "active": Label("Answering", "message-square-text"),
    "expired-completed": Label("Sent, but never decided", "hourglass", "warn"),
    "expired-active": Label("Never finished", "message-square-x"),
    "approved": Label("Approved, the latest first", "circle-check"),
    "denied": Label("Denied, the latest first", "circle-x"),
    "decided": Label("The latest decision first", "check-check"),
    "all": Label("The newest first", "list"),
    "found": Label("Found", "search"),
}
STATE_TEXTS = {
    "approved": "Approved",
    "denied": "Denied",
    "expired": "Expired",
    "completed": "Waiting for a decision",
    "active": "Answering",
    "draft": "Started, nothing answered yet",
}


class Named(Protocol):
    """Anything that has the prospect's name and addresses."""

    @property
    def name(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...


def name_of(prescreen: Named) -> str:
    """The prospect's name; without one, their e-mail address or phone number."""
    return normalization.shown(prescreen.name, prescreen.email, prescreen.phone, "No name yet")


def until(expires_at: datetime, zone: str, now: datetime) -> Markup:
    """The end of the days left, in short: `Thu 26 Nov`, on the last day `Mon, 5:08 AM CST`."""
    local = expires_at.astimezone(ZoneInfo(zone))
    text = datetimes.day(local, now.astimezone(ZoneInfo(zone)))
    if expires_at - now <= DAY:
        text = f"{text[:3]}, {datetimes.zoned_hour(local, zone)}"
    return datetimes.tag(expires_at, text)


def urgency(left: timedelta) -> str:
    """The tone of the time left."""
    urgent, near = review.LIMITS
    return "danger" if left <= urgent * DAY else "warn" if left <= near * DAY else ""


class Flagged(Reviewable, Protocol):
    """Anything that has the columns from which badges follow."""

    @property
    def name(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def other_contact_id(self) -> UUID | None: ...


def flags(prescreen: Flagged, not_met: int, returning: KnownContact | None) -> tuple[Badge, ...]:
    """The flags of a prescreen; a decided one has none.

    `not_met` is the number of criteria not met, `returning` its contact when that has an earlier prescreen.
    """
    if prescreen.review_status != ReviewStatus.PENDING:
        return ()
    found = []
    if not_met:
        criteria = "1 criterion" if not_met == 1 else f"{not_met} criteria"
        found.append(Badge(f"{criteria} not met", "scale", "warn", ground=True))
    if prescreen.other_contact_id:
        found.append(Badge("Two contacts match", "users", "warn", ground=True))
    if returning:
        found.append(Badge(matching.here_before(prescreen, returning), "history", ground=True))
    if prescreen.status == Status.COMPLETED and not prescreen.email:
        found.append(Badge("No e-mail given", "mail-x", "warn", ground=True))
    return tuple(found)


def state_badge(prescreen: Reviewable, now: datetime) -> Label:
    """The state of a prescreen, with the reviewer of a decided one."""
    state = review.state_of(prescreen, now)
    by = f" by {prescreen.reviewed_by}" if prescreen.reviewed_by else ""
    reviewer, icon, tone = {
        "approved": (by, "circle-check", "good"),
        "denied": (by, "circle-x", ""),
        "expired": ("", "hourglass", ""),
        "completed": ("", "circle-dot", ""),
        "active": ("", "message-square-text", ""),
        "draft": ("", "message-square", ""),
    }[state]
    return Label(STATE_TEXTS[state] + reviewer, icon, tone)


@dataclass(frozen=True, slots=True)
class RowContext:
    """What the rows of one page of the list show besides their columns, read at once for all of them."""

    questions: Mapping[tuple[UUID, int], tuple[Question, ...]]
    """Questions by questionnaire and version."""
    returning: Mapping[UUID, KnownContact]
    """The contacts of prescreens whose contact has an earlier one."""
    pending: Mapping[str, Decision]
    """Pending decisions by the id of their prescreen, as text."""


class Row(NamedTuple):
    """A row of the list. `flags` are all of its badges but tags, the state first; `pending` names its pending decision,
    and stands before them; `status_text` replaces the time left.
    """

    id: UUID
    version: int
    name: str
    questionnaire: str
    headlines: tuple[tuple[str, str], ...]
    pending: Markup
    flags: tuple[Badge, ...]
    badges: RankedBadges
    tags: tuple[str, ...]
    person: str
    mine: bool
    takeable: bool
    days: float
    left: str
    tone: str
    until: Markup
    status_text: Markup


def row(
    prescreen: ListedPrescreen,
    tags: tuple[str, ...],
    context: RowContext,
    viewer: Me,
    now: datetime,
    *,
    with_state: bool,
    several: bool,
) -> Row:
    """A row of the list for `viewer`. `with_state` shows its state, `several` the organization."""
    questions = context.questions[prescreen.workflow_template_id, prescreen.template_version]
    decision = context.pending.get(str(prescreen.id))
    pending = Markup()
    if decision:
        pending = undo_presentation.ticking(undo_presentation.mark(decision, now, viewer.id), decision, now)
    undecided = prescreen.review_status == ReviewStatus.PENDING
    status_text = _status_text(prescreen, viewer.time_zone, now)
    left = review.time_left(prescreen.expires_at, now)
    name = prescreen.questionnaire_name
    shown_state = with_state or not undecided or review.has_expired(prescreen, now)
    state = Badge(*state_badge(prescreen, now)) if shown_state else None
    found = flags(prescreen, not_met(questions, prescreen.submission), context.returning.get(prescreen.id))
    return Row(
        prescreen.id,
        prescreen.version,
        name_of(prescreen),
        f"{name}, {prescreen.organization_name}" if several else name,
        tuple(headlines(questions, prescreen.submission)),
        pending,
        ((state,) if state else ()) + found,
        rank(found, state, tags),
        tags,
        prescreen.assignee_name or "",
        prescreen.assignee_id == viewer.id and undecided,
        prescreen.assignee_id is None and review.state_of(prescreen, now) == "completed",
        round(left / DAY, 1),
        datetimes.duration(left),
        urgency(left),
        until(prescreen.expires_at, viewer.time_zone, now) if not status_text else Markup(),
        status_text,
    )


def _status_text(prescreen: ListedPrescreen, zone: str, now: datetime) -> Markup:
    """When the prescreen was reviewed or has expired; empty while it can be decided."""
    if prescreen.reviewed_at:
        return datetimes.stamp(prescreen.reviewed_at, zone, now)
    if review.has_expired(prescreen, now):
        expired = datetimes.stamp(prescreen.expires_at, zone, now)
        return Markup('<span class="muted">expired {}</span>').format(expired)
    return Markup()


def answer_text(question: Question | None, value: Answer | None, t: Translator = ENGLISH) -> str:
    """An answer as text. Values are a prospect's: templates escape them."""
    if value is None:
        return ""
    return plain_text(value, t) if question is None else TYPES[question.type].format(question, value, t)


def fields(question: Question, value: Answer | None, locale: str) -> list[str]:
    """A stored answer as values of the form's fields."""
    return [] if value is None else TYPES[question.type].fields(value, locale)


def problem(question: Question, code: str, today: date | None, t: Translator) -> str:
    """Why an answer was refused, in the language of the prospect."""
    if code in LIMITING:
        return t(f"bound_{code}", bound=answer_text(question, question.bounds.limit(code, today), t))
    return t(f"error_{code}", currency=currency_name(question.currency, t))


def condition_text(condition: Condition, questions: Sequence[Question]) -> str:
    """When a question is asked, as staff read it: `“Do you have pets?” is Yes or No`."""
    known = {question.key: question for question in questions}
    parts = []
    for clause in condition.clauses:
        question = known.get(clause.key)
        if clause.one_of:
            rest = "is " + " or ".join(answer_text(question, value) for value in clause.one_of)
        elif clause.at_least is not None:
            rest = f"is at least {answer_text(question, clause.at_least)}"
        else:
            rest = "is answered"
        parts.append(f"“{question.label if question else clause.key}” {rest}")
    return (" or " if condition.any else " and ").join(parts)


def currency_name(currency: str, t: Translator) -> str:
    """What a language calls a currency: `US dollars`; empty for none."""
    return str(get_currency_name(currency, count=2, locale=t.lang)) if currency else ""


def moment(moment: datetime, zone: str, t: Translator) -> str:
    """A moment as the prospect reads it: on the organization's clock, in the language of the page."""
    if t.lang == "en":
        return datetimes.moment(moment, zone)
    here = datetimes.local(moment, zone)
    written = format_datetime(here, "d MMMM yyyy, HH:mm", tzinfo=here.tzinfo, locale=t.lang)
    return f"{written} {datetimes.zone_abbreviation(here)}"


class AnswerRow(NamedTuple):
    """An answer beside its criterion. `met` is None when only a reader can say; `asked` is false without an answer;
    `distance` is how far it is from the criterion; `free` marks text written at length that has none."""

    question: str
    answer: str
    criterion: str = ""
    met: bool | None = None
    asked: bool = True
    long: bool = False
    short: str = ""
    distance: str = ""
    free: bool = False


def answer_rows(questions: Sequence[Question], submission: Submission) -> list[AnswerRow]:
    """Every question that is due with its answer, in order; at the end answers that the questionnaire does not know."""
    due = {question.key for question in applicable(questions, submission)}
    rows = [
        AnswerRow(
            question.label,
            answer_text(question, submission.get(question.key)),
            question.criterion,
            question.met(submission),
            question.key in submission,
            len(str(submission.get(question.key, ""))) > LONG_ANSWER,
            question.short or question.label.rstrip("?"),
            distance(question, submission.get(question.key)),
            question.type is QuestionType.LONGTEXT and question.key in submission and not question.criterion,
        )
        for question in questions
        if question.key in submission or question.key in due
    ]
    known = {question.key for question in questions}
    rows += [
        AnswerRow(key, answer_text(None, value), short=key) for key, value in submission.items() if key not in known
    ]
    return rows


def distance(question: Question, value: Answer | None) -> str:
    """How far a number is from its criterion: `850 short`, `2 over`; empty where it meets it or cannot be computed."""
    expects = question.expects
    if expects is None or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if expects.at_least is not None and value < expects.at_least:
        return f"{answer_text(question, _difference(expects.at_least, value))} short"
    if expects.at_most is not None and value > expects.at_most:
        return f"{answer_text(question, _difference(value, expects.at_most))} over"
    return ""


def _difference(more: float, less: float) -> float:
    """The difference of two numbers as they are written, 0.3 of 1.1 and 0.8."""
    return float(Decimal(str(more)) - Decimal(str(less)))


class Verdicts(NamedTuple):
    """Answers by what their criteria say: not met, to be read by a person, met, and those without a criterion."""

    not_met: Sequence[AnswerRow]
    to_read: Sequence[AnswerRow]
    met: Sequence[AnswerRow]
    plain: Sequence[AnswerRow]


def verdicts(answers: Sequence[AnswerRow]) -> Verdicts:
    """The answers by verdict, each in the order of the questionnaire. Text written at length is shown by itself."""
    ruled = [answer for answer in answers if answer.criterion]
    return Verdicts(
        [answer for answer in ruled if answer.met is False],
        [answer for answer in ruled if answer.met is None],
        [answer for answer in ruled if answer.met],
        [answer for answer in answers if not answer.criterion and not answer.free],
    )


def headlines(questions: Sequence[Question], submission: Submission) -> list[tuple[str, str]]:
    """The few answers that the list shows: (short name, answer)."""
    found = [
        (question.short or question.label, answer_text(question, submission[question.key]))
        for question in questions
        if question.headline and question.key in submission
    ]
    return found[:2]


def not_met(questions: Sequence[Question], submission: Submission) -> int:
    """The number of criteria that are known to be not met."""
    return sum(question.met(submission) is False for question in questions)


class EarlierRow(NamedTuple):
    """Another prescreen of the same contact, on the detail page. `name` is its prospect's where that is another."""

    id: UUID
    name: str
    questionnaire: str
    status_text: str
    at: datetime


def earlier_row(prescreen: EarlierPrescreen, name: str, now: datetime) -> EarlierRow:
    """A row for the page of a prescreen whose prospect is called `name`."""
    state = review.state_of(prescreen, now)
    text = {
        "approved": f"approved by {prescreen.reviewed_by}",
        "denied": f"denied by {prescreen.reviewed_by}",
        "expired": "expired, never reviewed" if prescreen.status == Status.COMPLETED else "expired, never finished",
        "completed": "waiting for a decision",
        "active": "still answering",
        "draft": "nothing answered yet",
    }[state]
    other_name = "" if matching.same_name(prescreen.name, name) else prescreen.name
    return EarlierRow(prescreen.id, other_name, prescreen.questionnaire_name, text, prescreen.created_at)


def notified(prescreen: Named, questionnaire: QuestionnaireDetail) -> str:
    """Who is notified of a decision that was just made."""
    if not prescreen.email:
        return "Nobody was notified: no e-mail address was given."
    if not questionnaire.decision_emails:
        return f"Nobody was notified: {questionnaire.organization_name} sends its own e-mails."
    return f"An e-mail is on its way to {prescreen.email}."
