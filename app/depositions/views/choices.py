"""The managers whom the form of a booking offers, the one who suits best first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from app.depositions.forms import OTHER, ManagerForm, ScheduleForm
from app.depositions.models import Deposition, Manager
from app.depositions.queries.managers import BookedSession, overlapping
from app.depositions.rules import rooms, transitions
from app.kernel.text import datetimes


class ManagerChoice(NamedTuple):
    """A manager whom the form of a booking offers. `load`: their sessions of that day; `note`: why they suit or not;
    `room`: whether their own room serves at the provider that was asked for."""

    value: str
    name: str
    load: str
    note: str
    busy: bool
    room: bool


def manager_choices(
    team: Sequence[Manager],
    sessions: Sequence[BookedSession],
    away: Mapping[int, str],
    deposition: Deposition,
    of_the_case: Collection[int | None],
) -> list[ManagerChoice]:
    """The roster, free people first: whom the organization asked for, those with a room, whoever has less to do that
    day. `sessions` are those around this one, `away` says why managers are not there, `of_the_case` are those who
    managed this case before, by their ids."""
    found = []
    provider = deposition.details.get("video_provider", "")
    preferred = deposition.details.get("preferred_manager", "").strip().casefold()
    rooms_known = any(rooms.room_of(one.templates, provider) for one in team)
    for one in team:
        theirs = [session for session in sessions if session.manager_id == one.id and session.id != deposition.id]
        overlaps = overlapping(theirs, one, deposition.starts_at, deposition.ends_at, besides=deposition.id)
        day = sessions_of_day(theirs, deposition)
        spans = [transitions.busy(session.starts_at, session.ends_at) for session in day]
        hours = sum((span.ends_at - span.starts_at for span in spans), timedelta())
        wanted = bool(preferred) and one.name.casefold() == preferred
        known, room, reason = one.id in of_the_case, rooms.room_of(one.templates, provider), away.get(one.id, "")
        free = "free all day" if not day else "free"
        notes = [_overlap_text(overlaps, deposition) if overlaps else "", reason]
        notes = [note for note in notes if note] or [free]
        notes += ["no room" + (f" at {provider}" if provider else "")] * (room is None and rooms_known)
        notes += ["asked for"] * wanted + ["managed this case before"] * known
        load = f"{len(day)} · {datetimes.duration(hours)}" if day else ""
        busy = bool(overlaps or reason)
        order = (busy, not wanted, room is None, not known, len(day), hours, one.name, one.id)
        choice = ManagerChoice(str(one.id), one.name, load, ", ".join(notes), busy, room is not None)
        found.append((order, choice))
    return [choice for _, choice in sorted(found)]


def _overlap_text(overlaps: Sequence[BookedSession], deposition: Deposition) -> str:
    """`overlaps 1:00–2:00 PM PST`, of two at most, with the weekday where it is not the day of this deposition."""
    day = datetimes.local(deposition.starts_at, deposition.zone).date()
    spans = [(one.zone, transitions.busy(one.starts_at, one.ends_at)) for one in overlaps[:2]]
    hours = [datetimes.hours_on(span.starts_at, span.ends_at, zone, day) for zone, span in spans]
    return f"overlaps {', '.join(hours)}" + (f" and {len(overlaps) - 2} more" if len(overlaps) > 2 else "")


def sessions_of_day(sessions: Iterable[BookedSession], deposition: Deposition) -> list[BookedSession]:
    """Those of these sessions that begin on the day of this one, by its own clock."""
    zone = deposition.zone
    day = datetimes.local(deposition.starts_at, zone).date()
    return [session for session in sessions if datetimes.local(session.starts_at, zone).date() == day]


def schedule_form(
    deposition: Deposition, team: Sequence[Manager], choices: Sequence[ManagerChoice], posted: bool
) -> ScheduleForm:
    """The form of a booking. The first who is free is chosen: the preferred manager, when they are; somebody else when
    the roster does not know the preferred one."""
    preferred = deposition.details.get("preferred_manager", "")
    known = not preferred or any(choice.name.casefold() == preferred.strip().casefold() for choice in choices)
    defaults = {
        "version": deposition.version,
        "provider": deposition.details.get("video_provider", ""),
        "manager": choices[0].value if choices and known else OTHER,
        "manager_name": "" if known else preferred,
    }
    form = ScheduleForm(version=deposition.version) if posted else ScheduleForm(formdata=None, data=defaults)
    form.offer(team)
    return form


def manager_form(
    deposition: Deposition, team: Sequence[Manager], choices: Sequence[ManagerChoice], posted: bool
) -> ManagerForm:
    """The form of a change of manager. The first who is free is chosen."""
    defaults = {"version": deposition.version, "manager": choices[0].value if choices else OTHER}
    form = ManagerForm(version=deposition.version) if posted else ManagerForm(formdata=None, data=defaults)
    form.offer(team)
    return form
