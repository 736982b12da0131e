"""What the team confirms before it offers other hours, besides the e-mails."""

from flask import url_for

from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules.proposals import NewProposal, asked_words
from app.depositions.views.confirmations._parts import BACK, back_to, subject_of
from app.depositions.views.list import QUEUE
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation


def proposing(deposition: DepositionDetail, new: NewProposal, people: int) -> Confirmation:
    """Offering hours: to how many people, which, and what comes of it."""
    length = deposition.ends_at - deposition.starts_at
    return Confirmation(
        title="Review and offer other hours",
        confirm=f"Ask {pluralize(people, 'person', 'people')} which hours suit them",
        back=url_for(".choose_hours", id=deposition.id, **QUEUE.choose().args),
        back_label="Back to the hours",
        icon="send",
        subject=[
            *subject_of(deposition),
            *(f"or {datetimes.span(slot, slot + length, deposition.zone)}" for slot in new.slots),
            asked_words(people, new.quorum or people),
        ],
        note="The session stays where it is: answers move nothing by themselves. Until the proposal ends the hours "
        "count as taken.",
        edit="propose",
    )


def reminding(deposition: DepositionDetail, people: int) -> Confirmation:
    """Reminding those who have not answered about the hours."""
    return _again(
        deposition,
        "Review and remind",
        f"Remind {pluralize(people, 'person', 'people')}",
        "bell",
        "Everybody is reminded of the same hours once, by a press or by itself.",
    )


def asking_added(deposition: DepositionDetail, people: int) -> Confirmation:
    """Asking those who were added since the hours were offered."""
    return _again(
        deposition,
        "Review and ask them too",
        f"Ask {pluralize(people, 'person', 'people')} too",
        "user-plus",
        "Where everybody has to be able to come, so do they. What others answered stays.",
    )


def _again(deposition: DepositionDetail, title: str, confirm: str, icon: str, note: str) -> Confirmation:
    return Confirmation(
        title=title,
        confirm=confirm,
        back=back_to(deposition),
        back_label=BACK,
        icon=icon,
        subject=subject_of(deposition),
        note=note,
    )
