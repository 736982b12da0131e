"""Personal records: what the chain knows of people by its SHA-256 alone.

A chain cannot forget, so that names, addresses, networks and browsers stand in records beside it. Each holds 128 random
bits: who does not have a record cannot find it by trying names. Erasing one leaves the chain whole.

Pure: no database, no Flask, no clock.
"""

import secrets
from collections.abc import Mapping
from typing import Protocol

from app.inspections import chain
from app.kernel.changes.events import Actor
from app.kernel.networks import neighborhood_of


class Recipient(Protocol):
    """What a record says of the recipient of an invite."""

    recipient_first_name: str
    recipient_last_name: str
    recipient_email: str
    recipient_phone: str


def record_of(recipient: Recipient, address: str | None = None, agent: str | None = None) -> str:
    """The canonical text of a new record: the recipient and, of one who joins, network (/24 or /64) and browser."""
    facts: dict[str, str] = {
        "first_name": recipient.recipient_first_name,
        "last_name": recipient.recipient_last_name,
        "email": recipient.recipient_email,
        "phone": recipient.recipient_phone,
        "random": secrets.token_hex(16),
    }
    if agent is not None:
        facts |= {"network": neighborhood_of(address), "agent": agent[:500]}
    return chain.canonical(facts)


def particulars(facts: Mapping[str, object]) -> str:
    """The canonical text of a new record about a piece of evidence: its name, when and where it was taken."""
    return chain.canonical({**facts, "random": secrets.token_hex(16)})


def named(by: Actor) -> dict[str, object]:
    """How the chain names who acts: staff and programs by account and name, participants by their invite alone."""
    if by.kind == "invitee":
        return {"kind": "participant", "participant": by.id}
    return {"kind": by.kind, "account": by.id, "name": by.name}
