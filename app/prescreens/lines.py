"""One prescreen as a line of the desk's list."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from markupsafe import Markup

from app.dashboard.undo import presentation as hold_words
from app.kernel.text import datetimes
from app.prescreens import display, presentation
from app.prescreens.models import ReviewStatus
from app.prescreens.rules import review
from app.prescreens.rules.answers import Question


@dataclass(slots=True)
class Known:
    """What the lines of one page want besides their rows, read at once for all of them."""

    questions: Mapping[tuple[UUID, int], tuple[Question, ...]]
    again: Set[UUID]
    """Those whose contact was here before."""
    held: Mapping[str, Any]
    """Holds, by id as text."""


class Line(NamedTuple):
    """One line, ready to print. `said` is what stands in place of the days left; `hold` who decides it just now."""

    id: UUID
    version: int
    name: str
    template: str
    headlines: tuple[tuple[str, str], ...]
    hold: Markup
    badges: tuple[presentation.Badge, ...]
    tags: tuple[str, ...]
    person: str
    mine: bool
    takeable: bool
    days: int
    tone: str
    until: Markup
    said: Markup


def line(
    row: Any, worn: tuple[str, ...], known: Known, viewer: Any, now: datetime, *, mixed: bool, several: bool
) -> Line:
    """A line for `viewer` (who has `id` and `time_zone`); `worn` are its tags. Among lines of `mixed` states it says
    its own, among those of `several` organizations whose it is."""
    these = known.questions[row.workflow_template_id, row.template_version]
    hold = known.held.get(str(row.id))
    ticking = hold_words.ticking(hold_words.mark(hold, now, viewer.id), hold, now) if hold else Markup()
    pending, expired = row.review_status == ReviewStatus.PENDING, review.has_expired(row, now)
    said = Markup()
    if row.reviewed_at:
        said = datetimes.stamp(row.reviewed_at, viewer.time_zone, now)
    elif expired:
        said = Markup('<span class="muted">expired {}</span>').format(
            datetimes.stamp(row.expires_at, viewer.time_zone, now)
        )
    days = review.days_left(row.expires_at, now)
    return Line(
        row.id,
        row.version,
        presentation.name_of(row),
        f"{row.template_name}, {row.organization_name}" if several else row.template_name,
        tuple(display.headlines(these, row.submission)),
        ticking,
        presentation.badges(row, display.not_met(these, row.submission), row.id in known.again, now, mixed=mixed),
        worn,
        row.assignee_name or "",
        row.assignee_id == viewer.id and pending,
        row.assignee_id is None and review.state_of(row, now) == "completed",
        days,
        "danger" if days <= 3 else "",
        presentation.until(row.expires_at, viewer.time_zone, now) if not said else Markup(),
        said,
    )
