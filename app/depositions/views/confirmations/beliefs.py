"""Who goes on believing what, when an act is told to nobody."""

from app.depositions import emails, presentation
from app.depositions.events import SUBJECT
from app.depositions.queries.detail import DepositionDetail
from app.kernel.db.transaction import reading
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.outbox.outbox import QUEUED, SENT
from app.kernel.text import datetimes, normalization
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Belief

SYSTEM = "their system"


def beliefs(deposition: DepositionDetail, notify: bool, system: str = "the state “scheduled”") -> list[Belief]:
    """Who goes on believing in a session that is canceled or moved: people whose e-mail about it was sent, unless they
    are notified, and the system that learns of it by webhook, which goes on believing `system`."""
    messages = messages_about(reading(), SUBJECT, deposition.id)
    found = []
    for one in emails.participants(deposition) if not notify else ():
        ending = f" · {one.email}".casefold()
        latest = next((m for m in messages if m.channel == "email" and m.summary.casefold().endswith(ending)), None)
        if latest is None or latest.state != SENT:
            continue
        who = normalization.shown(one.name, one.email)
        role = "host" if one.host else "deponent" if one.email == deposition.deponent_email else "invited"
        keeps = f"an e-mail and a calendar entry, {_believed_hours(deposition)}"
        found.append(Belief(who, role, keeps, "they open their link, which says it"))
    webhooks = {message.state for message in messages if message.channel == "webhook"}
    if webhooks & {SENT, QUEUED}:
        until = "it asks the API; no webhook is sent"
        waits = "the request as it made it; the webhook that waits will not be sent"
        keeps = system if SENT in webhooks else waits
        found.append(Belief(deposition.organization_name, SYSTEM, keeps, until))
    return found


def believing_old_hour(deposition: DepositionDetail) -> list[Belief]:
    """Who goes on believing the present hour of a session that is moved without telling anybody."""
    return beliefs(deposition, notify=False, system=f"the hour {presentation.hours(deposition)}")


def _believed_hours(deposition: DepositionDetail) -> str:
    """The hours that the participants were last told of."""
    starts_at, ends_at, zone = deposition.previous_starts_at, deposition.previous_ends_at, deposition.previous_zone
    if deposition.moved_silently and starts_at and ends_at and zone:
        return datetimes.span(starts_at, ends_at, zone)
    return presentation.hours(deposition)


def withdrawn(deposition: DepositionDetail) -> str:
    """What becomes of e-mails about the session that have not been sent yet."""
    messages = messages_about(reading(), SUBJECT, deposition.id)
    waiting = sum(message.channel == "email" and message.state == QUEUED for message in messages)
    if not waiting:
        return ""
    goes = "has" if waiting == 1 else "have"
    return f"{pluralize(waiting, 'e-mail')} about it {goes} not been sent yet, and will not be."
