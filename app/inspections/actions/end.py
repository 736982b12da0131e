"""Ending an inspection: its chain is complete, and the authorities are asked for time stamps."""

import uuid
from datetime import datetime
from functools import partial

from app.inspections import emails, events, queries, rules
from app.inspections.actions._anchoring import ask_authorities
from app.inspections.actions._write import record, seal_act, try_write
from app.inspections.events import SUBJECT
from app.inspections.models import Anchoring, Inspection, Status
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.outbox import dropping


def end(db: Db, inspection_id: uuid.UUID, *, by: Actor, now: datetime) -> Inspection:
    """Closes the inspection, seals its end, and has the head of the chain stamped in the background.

    Ending an ended one again changes nothing and returns it. Raises Conflict when it has expired.
    """
    stop_states = rules.source_states("stop_recording")
    stopped = try_write(db, inspection_id, stop_states, {Inspection.status: Status.OPEN.value}, now=now)
    if stopped is not None:
        seal_act(db, stopped, "recording.stopped", {}, by=by, now=now)
    urls = db.config.tsa_urls
    anchoring = Anchoring.PENDING if urls else Anchoring.NO_AUTHORITY
    values = {
        Inspection.status: Status.CLOSED.value,
        Inspection.ended_at: now,
        Inspection.expires_on: "",
        Inspection.anchoring: anchoring.value,
    }
    ended = try_write(db, inspection_id, rules.source_states("end"), values, now=now)
    if ended is None:
        inspection = queries.get(db, inspection_id)
        rules.check_end(inspection, now)
        return inspection
    seal_act(db, ended, "session.ended", {"session": str(inspection_id)}, by=by, now=now)
    inspection = queries.get(db, inspection_id)
    messages = ask_authorities(db, inspection, urls, now)
    invites = queries.invites(db, inspection_id)
    messages += [emails.receipt_job(invite, now) for invite in invites if rules.gets_receipt(invite)]
    data = {"chain_head": inspection.chain_head, "chain_events": inspection.chain_length}
    record(db, events.ENDED, inspection, by=by, now=now, data=data, messages=messages)
    over = partial(dropping.drop, db, SUBJECT, inspection_id, reason="The inspection has ended.", now=now)
    over(channel=emails.REMIND)
    over(channel=emails.CHECKPOINT)
    over(secret=True)
    return inspection
