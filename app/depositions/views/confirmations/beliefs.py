"""Who goes on believing what, when an act is told to nobody."""

from app.depositions import emails, presentation
from app.depositions.events import SUBJECT
from app.depositions.queries.detail import DepositionDetail
from app.kernel.db.transaction import reading
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.outbox.outbox import QUEUED, SENT
from app.kernel.text import normalization
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Belief

SYSTEM = "their system"


def beliefs(deposition: DepositionDetail, notify: bool) -> list[Belief]:
    """Who goes on believing in a session that is canceled: people whose e-mail about it was sent, unless they are
    notified, and the system that learns of it by webhook, which hears of no cancellation."""
    messages = messages_about(reading(), SUBJECT, deposition.id)
    found = []
    for one in emails.participants(deposition) if not notify else ():
        ending = f" · {one.email}".casefold()
        latest = next((m for m in messages if m.channel == "email" and m.summary.casefold().endswith(ending)), None)
        if latest is None or latest.state != SENT:
            continue
        who = normalization.shown(one.name, one.email)
        role = "host" if one.host else "deponent" if one.email == deposition.deponent_email else "invited"
        keeps = f"an e-mail and a calendar entry, {presentation.hours(deposition)}"
        found.append(Belief(who, role, keeps, "they open their link, which says it"))
    if any(message.channel == "webhook" and message.state in (SENT, QUEUED) for message in messages):
        until = "it asks the API; no webhook is sent"
        found.append(Belief(deposition.organization_name, SYSTEM, "the state “scheduled”", until))
    return found


def withdrawn(deposition: DepositionDetail) -> str:
    """What becomes of e-mails about the session that have not been sent yet."""
    messages = messages_about(reading(), SUBJECT, deposition.id)
    waiting = sum(message.channel == "email" and message.state == QUEUED for message in messages)
    if not waiting:
        return ""
    goes = "has" if waiting == 1 else "have"
    return f"{pluralize(waiting, 'e-mail')} about it {goes} not been sent yet, and will not be."
