"""Prescreens as pages show them: labels, answers, rows of the list. Icons are names in static/icons.svg.

Staff read English; prospects read the language of their chat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from markupsafe import Markup

from app.accounts.access import Me
from app.dashboard.badges import Badge, RankedBadges, rank
from app.dashboard.queue import Label
from app.dashboard.undo import presentation as undo_presentation
from app.dashboard.undo.models import Decision
from app.kernel.text import datetimes, normalization
from app.kernel.text.i18n import Translator
from app.prescreens.models import ReviewStatus, Status
from app.prescreens.presentation.answers import (
    AnswerRow,
    ContradictionRow,
    Verdicts,
    answer_rows,
    contradiction_rows,
    csv_heads,
    csv_value,
    headlines,
    inquiry_row,
    missed,
    verdicts,
)
from app.prescreens.presentation.questions import (
    ENGLISH,
    answer_text,
    condition_text,
    currency_name,
    fields,
    language_name,
    problem,
    text_place,
)
from app.prescreens.queries.contacts import EarlierPrescreen, KnownContact
from app.prescreens.queries.first_looks import is_veiled
from app.prescreens.queries.listing import ListedPrescreen
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules import matching, review
from app.prescreens.rules.matching import Known
from app.prescreens.rules.questions import Question
from app.prescreens.rules.review import Reviewable

__all__ = [
    "ENGLISH",
    "AnswerRow",
    "ContradictionRow",
    "Verdicts",
    "answer_rows",
    "answer_text",
    "condition_text",
    "contradiction_rows",
    "csv_heads",
    "csv_value",
    "currency_name",
    "fields",
    "headlines",
    "inquiry_row",
    "language_name",
    "missed",
    "problem",
    "text_place",
    "verdicts",
]

DAY = timedelta(days=1)


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
    ("asked", None): TabWords("Asked", "Prospects asked again", ("is asked again", "are asked again")),
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
    ("asked", "asked again"),
    ("answering", "answering"),
    ("decided", "decided"),
    ("approved", "approved"),
    ("denied", "denied"),
    ("expired", "expired"),
    ("all", "everything"),
)
GROUPS = {
    "answered": Label("Answered what was asked", "clipboard-check", "info"),
    "asked": Label("Asked again", "message-square-text"),
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
    "withdrawn": "Withdrawn by the prospect",
    "completed": "Waiting for a decision",
    "active": "Answering",
    "draft": "Started, nothing answered yet",
}


INQUIRY_TEXTS = {"asked": "Asked again", "answered": "Answered what was asked"}


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
    @property
    def inquiry(self) -> str | None: ...


def flags(prescreen: Flagged, missed: Sequence[str], returning: KnownContact | None) -> tuple[Badge, ...]:
    """The flags of a prescreen; a decided one has none.

    `missed` are the criteria that are not met, `returning` its contact when that has an earlier prescreen.
    """
    if prescreen.review_status != ReviewStatus.PENDING:
        return ()
    veiled = is_veiled(prescreen)
    found = [Badge("First look", "eye-off", "info", ground=True)] if veiled else []
    if missed:
        found.append(Badge(", ".join(missed), "scale", "warn", ground=True))
    if prescreen.inquiry:
        found.append(Badge(INQUIRY_TEXTS[prescreen.inquiry], "message-square-text", "info", ground=True))
    if prescreen.other_contact_id:
        found.append(Badge("Two contacts match", "users", "warn", ground=True))
    if returning:
        found.append(Badge(matching.here_before(prescreen, returning), "history", ground=True))
    if prescreen.status == Status.COMPLETED and not prescreen.email and not veiled:
        found.append(Badge("No e-mail given", "mail-x", "warn", ground=True))
    return tuple(found)


def state_badge(prescreen: Reviewable, now: datetime) -> Label:
    """The state of a prescreen, with the reviewer of a decided one."""
    state = "withdrawn" if prescreen.withdrawn_at else review.state_of(prescreen, now)
    by = f" by {prescreen.reviewed_by}" if prescreen.reviewed_by else ""
    reviewer, icon, tone = {
        "approved": (by, "circle-check", "good"),
        "denied": (by, "circle-x", ""),
        "expired": ("", "hourglass", ""),
        "withdrawn": ("", "undo-2", ""),
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
    found = flags(prescreen, missed(questions, prescreen.submission), context.returning.get(prescreen.id))
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


def moment(moment: datetime, zone: str, t: Translator) -> str:
    """A moment as the prospect reads it: on the organization's clock, in the language of the page."""
    if t.lang == "en":
        return datetimes.moment(moment, zone)
    here = datetimes.local(moment, zone)
    written = format_datetime(here, "d MMMM yyyy, HH:mm", tzinfo=here.tzinfo, locale=t.lang)
    return f"{written} {datetimes.zone_abbreviation(here)}"


class EarlierRow(NamedTuple):
    """A prescreen of a contact, on the page of another one or of the contact. `name` is its prospect's where that is
    another, `basis` what it was matched by."""

    id: UUID
    name: str
    basis: str
    questionnaire: str
    status_text: str
    at: datetime


def earlier_row(
    prescreen: EarlierPrescreen, name: str, contact: Known | None, region: str | None, now: datetime
) -> EarlierRow:
    """A row for the page of a prescreen whose prospect, or of a contact who, is called `name`."""
    state = review.state_of(prescreen, now)
    text = (
        "withdrawn by the prospect"
        if prescreen.withdrawn_at
        else {
            "approved": f"approved by {prescreen.reviewed_by}",
            "denied": f"denied by {prescreen.reviewed_by}",
            "expired": "expired, never reviewed" if prescreen.status == Status.COMPLETED else "expired, never finished",
            "completed": "waiting for a decision",
            "active": "still answering",
            "draft": "nothing answered yet",
        }[state]
    )
    other_name = "" if matching.same_name(prescreen.name, name) else prescreen.name
    basis = matching.filed(prescreen, contact, region).basis if contact else ""
    if prescreen.erased_at:
        other_name, basis = "", "erased"
    return EarlierRow(prescreen.id, other_name, basis, prescreen.questionnaire_name, text, prescreen.created_at)


def notified(prescreen: Named, questionnaire: QuestionnaireDetail) -> str:
    """Who is notified of a decision that was just made."""
    if not prescreen.email:
        return "Nobody was notified: no e-mail address was given."
    if not questionnaire.decision_emails:
        return f"Nobody was notified: {questionnaire.organization_name} sends its own e-mails."
    return f"An e-mail is on its way to {prescreen.email}."
