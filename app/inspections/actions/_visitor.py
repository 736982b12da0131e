"""Who makes a request with an invite, before anybody has signed in."""

from __future__ import annotations

from dataclasses import dataclass

from app.inspections.models import Invite
from app.kernel.changes.events import Actor
from app.kernel.networks import network_of


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request with an invite comes from: the address and the browser that a link is pinned to."""

    address: str | None
    agent: str
    request_id: str | None = None
    via: str = "api"

    @classmethod
    def of(cls, address: str | None, agent: str | None, request_id: str | None, via: str) -> Visitor:
        """A visitor from what a request says. The agent is any bytes; NUL goes, because PostgreSQL cannot store it."""
        known = (agent or "").encode("latin-1", "replace").decode("utf-8", "replace").replace("\x00", "")
        return cls(address, known, request_id, via)

    @property
    def network(self) -> str:
        return network_of(self.address)

    def actor(self, invite: Invite) -> Actor:
        """The recipient of the invite as the actor of an event."""
        name = invite.recipient_name or "Field user"
        return Actor("invitee", str(invite.id), name, invite.organization_id, self.via, self.request_id, self.address)
