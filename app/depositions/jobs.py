"""Jobs of the worker: reminders that come due, and the question whether a session takes place.

All are outbox rows, written in the transaction that told the participants of the session, or asked them. Whether they
are still needed is decided when they come due: meanwhile the session may have been moved, canceled or begun.
"""

from app.depositions import emails, events
from app.depositions.actions._write import locked, organization_name, record
from app.depositions.actions.ask_hours import remind as remind_them
from app.depositions.actions.follow_ups import RECONFIRM, REMIND, REMIND_HOURS
from app.depositions.actions.people import asked
from app.depositions.models import BOOKED, Deposition
from app.depositions.queries import people, proposals, reconfirmation, settings
from app.depositions.rules.proposals import why_closed
from app.depositions.rules.reconfirmation import reminder_due
from app.kernel.changes.events import WORKER
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound
from app.kernel.outbox.outbox import Delivery, Handler

NOT_NEEDED = "Not needed any more."


def remind(delivery: Delivery) -> str:
    """Reminds everybody whose server accepted the invitation to the session as it is now."""
    hours = int(delivery.payload["hours"])
    with delivery.database.write() as db:
        deposition = _unchanged(db, delivery)
        if deposition is None or not reminder_due(hours, deposition.starts_at, delivery.now):
            return NOT_NEEDED
        if not settings.of_organization(db, deposition.organization_id).reminds(deposition.booked_at):
            return "The organization has switched reminders off."
        informed = people.informed(db, deposition)
        recipients = [one for one in emails.participants(deposition) if people.address_key(one.email) in informed]
        name = organization_name(db, deposition.organization_id)
        messages = emails.reminders(db, deposition, name, recipients, hours)
        if messages:
            data = {"hours": hours, "messages": len(messages)}
            record(db, events.REMINDED, deposition, by=WORKER, now=delivery.now, data=data, messages=messages)
    return f"{len(messages)} reminded."


def reconfirm(delivery: Delivery) -> str:
    """Asks organization and hosts whether the session takes place, of those who know of it as it is now."""
    with delivery.database.write() as db:
        deposition = _unchanged(db, delivery)
        if deposition is None or deposition.starts_at <= delivery.now:
            return NOT_NEEDED
        chosen = settings.of_organization(db, deposition.organization_id)
        if not chosen.reconfirms(deposition.booked_at):
            return "The organization has switched reconfirmation off."
        organization = reconfirmation.contact(db, deposition.organization_id)
        given = {one.who.key for one in reconfirmation.responses(db, deposition, organization) if one.answer}
        who = [one for one in reconfirmation.to_ask(db, deposition, organization, chosen) if one.key not in given]
        for one in who:
            asked(db, deposition, one.kept_as, now=delivery.now, kind=one.kind)
        reconfirmation.summarize(db, deposition)
        if who:
            messages = emails.reconfirmation(db, deposition, organization.name, who)
            data = {"people": [one.address for one in who]}
            record(db, events.ASKED_TO_RECONFIRM, deposition, by=WORKER, now=delivery.now, data=data, messages=messages)
    return f"{len(who)} asked."


def remind_hours(delivery: Delivery) -> str:
    """Reminds those who have not answered about the hours that are offered, as long as these are the hours."""
    with delivery.database.write() as db:
        deposition = _unchanged(db, delivery, sequence=False)
        proposal = proposals.by_id(db, int(delivery.payload["proposal"]))
        if deposition is None or proposal is None or proposal.version != delivery.payload["version"]:
            return NOT_NEEDED
        if why_closed(proposal.state, proposal.answers_until, delivery.now):
            return NOT_NEEDED
        if not settings.of_organization(db, deposition.organization_id).reminds(deposition.booked_at):
            return "The organization has switched reminders off."
        found = proposals.matrix(db, deposition, proposal)
        return f"{remind_them(db, deposition, found, by=WORKER, now=delivery.now)} reminded."


def _unchanged(db: Db, delivery: Delivery, *, sequence: bool = True) -> Deposition | None:
    """The session, locked, when it is booked and, with `sequence`, still as it was when the job was ordered."""
    try:
        deposition = locked(db, int(delivery.payload["deposition"]))
    except NotFound:
        return None
    same = not sequence or deposition.sequence == delivery.payload["sequence"]
    return deposition if same and deposition.state in BOOKED else None


HANDLERS: dict[str, Handler] = {REMIND: remind, RECONFIRM: reconfirm, REMIND_HOURS: remind_hours}
