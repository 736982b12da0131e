"""Who goes on believing what after an act of which not everybody is told: the same for a cancellation and a move."""

from collections import Counter
from collections.abc import Sequence

from app.depositions import emails, presentation
from app.depositions.events import SUBJECT
from app.depositions.models import Kind
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.people import Knowledge, address_key
from app.kernel.db.transaction import reading
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.outbox.outbox import QUEUED
from app.kernel.text import datetimes, normalization
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Belief

SYSTEM = "their system"
LISTED = "Afterwards this session is in the tab “Not up to date” until they are notified."


def beliefs(deposition: DepositionDetail, behind: Sequence[Knowledge]) -> list[Belief]:
    """What each of those who are `behind` after an act goes on having, and until when. `deposition` is as it was before
    the act."""
    people = {address_key(one.email): one for one in emails.participants(deposition)}
    deponent = address_key(deposition.deponent_email or "")
    found = []
    for one in behind:
        if one.kind == Kind.SYSTEM:
            found.append(Belief(deposition.organization_name, SYSTEM, _system(deposition, one), _until(deposition)))
            continue
        person = people.get(one.address)
        role = "host" if person and person.host else "deponent" if one.address == deponent else "invited"
        who = normalization.shown(one.name, person.email if person else one.address)
        until = "they open their link, which says it" if person else "somebody tells them"
        found.append(Belief(who, "manager" if one.kind == Kind.MANAGER else role, _keeps(deposition, one), until))
    return found


def still_believed(deposition: DepositionDetail, behind: Sequence[Knowledge]) -> str:
    """`3 calendars and 1 webhook keep saying Fri 18 Dec 2026`; and who never hears of it, when nobody does."""
    calendars = [one for one in behind if one.kind != Kind.SYSTEM and one.invited_starts_at]
    webhooks = [one for one in behind if one.kind == Kind.SYSTEM and one.invited_starts_at]
    known = [*calendars, *webhooks]
    if not known:
        if all(one.kind == Kind.SYSTEM for one in behind):
            return "Their system does not hear of it" if behind else ""
        return f"{pluralize(len(behind), 'recipient')} will not hear of it"
    parts = [pluralize(len(calendars), "calendar")] if calendars else []
    parts += [pluralize(len(webhooks), "webhook")] if webhooks else []
    days = {
        datetimes.day(datetimes.local(one.invited_starts_at, deposition.zone).date())
        for one in known
        if one.invited_starts_at
    }
    keep = "keeps" if len(known) == 1 else "keep"
    return f"{' and '.join(parts)} {keep} saying {days.pop() if len(days) == 1 else 'an earlier day'}"


def _keeps(deposition: DepositionDetail, one: Knowledge) -> str:
    if one.invited_starts_at is None:
        return "nothing: the e-mail to them was not sent"
    if one.invited_starts_at == deposition.starts_at:
        return f"an e-mail and a calendar entry, {presentation.hours(deposition)}"
    return f"an e-mail and a calendar entry, {datetimes.moment(one.invited_starts_at, deposition.zone)}"


def _system(deposition: DepositionDetail, one: Knowledge) -> str:
    if not one.invited_sequence:
        return "the request as they made it"
    at = one.invited_starts_at or deposition.starts_at
    return f"the state “scheduled”, {datetimes.moment(at, deposition.zone)}"


def _until(deposition: DepositionDetail) -> str:
    return "it asks the API; no webhook is sent" if deposition.postback_url else "it asks the API"


def withdrawn(deposition: DepositionDetail, kept: int = 0) -> str:
    """What becomes of messages about the session that have not been sent yet, but for e-mails that are `kept`."""
    messages = messages_about(reading(), SUBJECT, deposition.id)
    queued = Counter(message.channel for message in messages if message.state == QUEUED)
    waiting = [(queued["email"] - kept, "e-mail"), (queued["webhook"], "webhook")]
    parts = [pluralize(count, noun) for count, noun in waiting if count]
    if not parts:
        return ""
    goes = "has" if sum(count for count, _ in waiting) == 1 else "have"
    return f"{' and '.join(parts)} about it {goes} not been sent yet, and will not be."
