"""Where people meet: the address of a room, by hand or from the template of its manager. Pure: no database."""

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol
from uuid import UUID

from app.depositions.rules.transitions import why_not_room
from app.kernel.errors import FieldError, Invalid

PLACEHOLDERS = {
    "{id}": "the number of the request",
    "{case}": "the case, in letters, digits and hyphens",
    "{code}": "twelve characters that differ in every session",
}
"""What a template may contain, and what stands in its place."""

_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_EXAMPLE = {"{id}": "1187", "{case}": "keller-v-northline", "{code}": "0a1b2c3d4e5f"}


class Session(Protocol):
    """What a template asks of a deposition."""

    @property
    def id(self) -> int: ...
    @property
    def case_name(self) -> str: ...
    @property
    def remote_session_id(self) -> UUID: ...


class Room(NamedTuple):
    """A manager's room: the provider as the template names it, and the template."""

    provider: str
    template: str


def why_not_template(template: str) -> str | None:
    """Why a template gives no address; None when it does."""
    unknown = next((each for each in _BRACES.findall(template) if each not in PLACEHOLDERS), None)
    if unknown:
        return f"A template knows {', '.join(PLACEHOLDERS)} and no other words in braces."
    return why_not_room(_filled(template, _EXAMPLE))


def room_of(templates: Mapping[str, str], provider: str) -> Room | None:
    """The room that a manager has at a provider; without one, their first. None when they have none there."""
    wanted = provider.strip().casefold()
    return next((Room(*each) for each in templates.items() if not wanted or each[0].strip().casefold() == wanted), None)


def address(room: Room, session: Session) -> str:
    """The address of this session's room."""
    words = {
        "{id}": str(session.id),
        "{case}": re.sub(r"[^a-z0-9]+", "-", session.case_name.lower())[:60].strip("-") or "case",
        "{code}": session.remote_session_id.hex[-12:],
    }
    return _filled(room.template, words)


def no_room(manager: str, provider: str) -> Invalid:
    """The refusal when neither a template nor the user says where people meet."""
    where = f"no room at {provider}" if provider.strip() else "no room of their own"
    detail = f"{manager} has {where} in the roster. Write the room’s web address, or choose another manager."
    return Invalid(f"{detail} Nothing was scheduled.", errors=[FieldError("room_url", "missing", detail)])


def _filled(template: str, words: Mapping[str, str]) -> str:
    return _BRACES.sub(lambda found: words.get(found[0], found[0]), template)
