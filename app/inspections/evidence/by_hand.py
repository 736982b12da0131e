"""Time and place of a piece of evidence that a person entered by hand, beside what a phone says of them.

Pure: no database, no Flask, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.inspections import chain, rules
from app.inspections.evidence.rules import PLACE_LENGTH, Unfit
from app.kernel.text import normalization, time_zones

LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
"""What browsers send of a field of date and time."""
AHEAD = timedelta(minutes=10)
"""How far a clock by which a time is entered may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """What was entered; `person` is a field user, and `operator` one of staff."""

    at: datetime | None = None
    place: str = ""
    source: str = "person"

    def particulars(self, device: Mapping[str, object]) -> dict[str, object]:
        """What is personal about a piece: what was entered, and beside it what a phone said of the same."""
        found = dict(device)
        if self.at is not None:
            found |= {"device_captured_at": device["captured_at"]} if "captured_at" in device else {}
            found |= {"captured_at": chain.instant(self.at), "captured_by": self.source}
        if self.place:
            found |= {"device_place": device["place"]} if "place" in device else {}
            found |= {"place": {"text": self.place}, "place_by": self.source}
        return found

    @property
    def names(self) -> list[str]:
        """What of both was entered, as the chain says it."""
        return [name for name, entered in (("place", self.place), ("time", self.at)) if entered]


NOTHING = ByHand()


def read(form: Mapping[str, str], zone: str, now: datetime, source: str = "person") -> ByHand:
    """What a form says of both. Raises Unfit for a time that cannot be, and for a place that cannot be kept."""
    typed, place = form.get("typed_at", "").strip(), normalization.name(form.get("typed_place", ""))
    if len(place) > PLACE_LENGTH or "\x00" in place:
        raise Unfit("bad_place")
    return ByHand(_time(typed, zone, now) if typed else None, place, source)


def _time(typed: str, zone: str, now: datetime) -> datetime:
    if not LOCAL.fullmatch(typed):
        raise Unfit("bad_time")
    try:
        at = time_zones.resolve(datetime.fromisoformat(typed), ZoneInfo(zone)).instant
    except (ValueError, OverflowError):
        raise Unfit("bad_time") from None
    if not rules.EARLIEST <= at <= now + AHEAD:
        raise Unfit("bad_time")
    return at
