"""What the team confirms where zone rules have changed: the clock time or the moment, besides the messages."""

from datetime import datetime

from wtforms import Field

from app.depositions import emails, presentation
from app.depositions.models import State
from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules.conflicts import asks_reason
from app.depositions.views.confirmations._parts import (
    BACK,
    DryRun,
    back_to,
    conflict_flags,
    flags_on,
    gravest_first,
    subject_of,
    why,
)
from app.depositions.views.confirmations.offered import offer_ends
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation

KEPT = {"keep_clock_time": "the clock time", "keep_moment": "the moment"}
"""What each verb keeps."""
NOTES = {
    "keep_clock_time": "Calendars that have the former moment are brought to the new one.",
    "keep_moment": "Calendars have the right moment already; e-mails and systems name the former hour.",
}


def keeping_hour(deposition: DepositionDetail, run: DryRun, verb: str, reason: Field, now: datetime) -> Confirmation:
    """Either verb, as the dry run leaves the session: over a conflict, or in the past, only with a reason."""
    made, kept = run.deposition, KEPT[verb]
    *hours, name = subject_of(made)
    waits = made.state == State.INITIAL
    people = pluralize(len(emails.everybody(made)), "person", "people")
    return Confirmation(
        title=f"Review and keep {kept}",
        confirm=f"Keep {kept}" if waits else f"Keep {kept} and notify {people}",
        back=back_to(deposition),
        back_label=BACK,
        icon="clock",
        subject=[*hours, f"it stands at {presentation.hours(deposition)}", name],
        flags=gravest_first([*conflict_flags(run.findings), *flags_on(deposition, now, made)]),
        field=reason if not waits and asks_reason(run.findings, made.starts_at, now) else None,
        question=why(run.findings, made.starts_at, now),
        note="It is not booked yet, so nobody has to hear of it."
        if waits
        else f"{NOTES[verb]} {offer_ends(deposition)}".rstrip(),
    )
