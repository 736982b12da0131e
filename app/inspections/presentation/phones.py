"""What is still expected from the phones of field users, as the page of an inspection says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.inspections.evidence.rules import ARRIVES_WITHIN, SILENT_AFTER
from app.inspections.queries import Phone
from app.kernel.text import normalization


class Waiting(StrEnum):
    """What is known of a phone."""

    ANNOUNCED = "announced"
    """It has said that pieces wait on it."""
    SILENT = "silent"
    """It is not heard from, and may hold what was captured without a connection."""
    LOST = "lost"
    """It has said so, and they did not arrive in time."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What may still come from one phone. `until` is when it is taken no longer; None while the inspection goes on."""

    kind: Waiting
    name: str
    n: int
    heard_at: datetime
    until: datetime | None


def expected(phones: Sequence[Phone], ended_at: datetime | None, now: datetime) -> list[Expected]:
    """The phones from which something may still come, or did not come in time."""
    until = None if ended_at is None else ended_at + ARRIVES_WITHIN
    found = []
    for phone in phones:
        kind = _kind(phone, ended_at, until, now)
        if kind is not None:
            name = normalization.shown(f"{phone.first_name} {phone.last_name}".strip(), "a field user")
            found.append(Expected(kind, name, phone.waiting, phone.heard_at, until))
    return found


def _kind(phone: Phone, ended_at: datetime | None, until: datetime | None, now: datetime) -> Waiting | None:
    if until is not None and now >= until:
        return Waiting.LOST if phone.waiting else None
    if phone.waiting:
        return Waiting.ANNOUNCED
    silent = phone.signs and phone.heard_at < (ended_at or now) - SILENT_AFTER
    return Waiting.SILENT if silent else None
