"""Who knows what of a deposition, as its page shows it: what each has, opened and answered, and where it is untrue."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.accounts.access import me
from app.depositions import emails
from app.depositions.models import Deposition, Kind, MessageState, State
from app.depositions.queries import people
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.people import Knowledge, address_key
from app.kernel.db.engine import Db
from app.kernel.text import datetimes

SYSTEM = "their system"


class Has(NamedTuple):
    """What somebody has of a session: a badge, and when they got it. `wrong` where it differs from what is true."""

    word: str
    icon: str
    tone: str
    note: str = ""
    wrong: bool = False


class Known(NamedTuple):
    """One line of the card."""

    name: str
    address: str
    role: str
    has: Has | None
    opened: str
    answered: str
    answer_tone: str = ""


class Card(NamedTuple):
    """Everybody who hears of a deposition, and in a few words how far that agrees with what is true."""

    rows: Sequence[Known]
    summary: str
    tone: str
    behind: int
    """How many know what no longer holds."""


class _Who(NamedTuple):
    name: str
    address: str
    role: str
    row: Knowledge | None


def card(db: Db, deposition: DepositionDetail, now: datetime) -> Card:
    """Who knows what of this deposition."""
    found = people.known(db, deposition.id)
    everybody = _everybody(deposition, found)
    rows = [_known(deposition, one, now) for one in everybody]
    read_at = people.last_read(db, deposition.organization_id)
    system = next((one for one in found if one.kind == Kind.SYSTEM), None)
    if deposition.postback_url or system or read_at:
        rows.append(_system(deposition, system, read_at, now))
    summary, tone = _summary(deposition, rows, [one for one in found if one.outdated])
    return Card(rows, summary, tone, sum(one.outdated for one in found))


def _everybody(deposition: Deposition, found: Sequence[Knowledge]) -> list[_Who]:
    """The participants and managers, and those who no longer take part but were invited once."""
    mine = {one.address: one for one in found if one.kind == Kind.PARTICIPANT}
    deponent = address_key(deposition.deponent_email or "")
    everybody = []
    for one in emails.participants(deposition):
        key = address_key(one.email)
        role = (deposition.deponent_role or "deponent") if key == deponent else "host" if one.host else "invited"
        everybody.append(_Who(one.name, one.email, role, mine.pop(key, None)))
    everybody += [_Who(one.name, one.address, "no longer invited", one) for one in mine.values()]
    managers = [one for one in found if one.kind == Kind.MANAGER]
    manager = emails.manager_of(deposition)
    if manager and address_key(manager.email) not in {one.address for one in managers}:
        # Before the upgrade managers were not written to.
        everybody.append(_Who(manager.name, manager.email, "manager", None))
    everybody += [
        _Who(one.name, one.address, "manager" if one.concerned else "no longer manager", one) for one in managers
    ]
    return everybody


def _known(deposition: Deposition, one: _Who, now: datetime) -> Known:
    row = one.row
    if row is None:
        return Known(one.name, one.address, one.role, None, "", "")
    opened = ""
    if row.entered_at:
        opened = f"Entered {_stamp(row.entered_at, now)}"
    elif row.opened_at:
        old = (row.opened_sequence or 0) < deposition.sequence
        opened = f"Opened {_stamp(row.opened_at, now)}" + (", before it changed" if old else "")
    elif row.invited_sequence:
        opened = "Not opened"
    return Known(one.name, one.address, one.role, _has(deposition, row, now), opened, *_answer(deposition, row, now))


ANSWERS = {"yes": ("Takes place", ""), "no": ("Does not take place", "danger"), "call": ("Wants a call", "warn")}
"""What is answered to whether the session takes place, with the tone of the words."""


def _answer(deposition: Deposition, row: Knowledge, now: datetime) -> tuple[str, str]:
    if not row.answer or not row.answered_at:
        return "", ""
    word, tone = ANSWERS.get(row.answer, (row.answer, ""))
    old = row.answer_sequence is not None and row.answer_sequence < deposition.sequence
    text = f"{word}, {_stamp(row.answered_at, now)}" + (", before it changed" if old else "")
    return text, "warn" if old else tone


def _has(deposition: Deposition, row: Knowledge, now: datetime) -> Has:
    """What a person has, and whether it is true."""
    if row.message_state == MessageState.WAITING and row.message_sequence == deposition.sequence:
        before = f"has {_invitation(deposition, row, now)}" if row.invited_sequence else ""
        return Has("on its way", "hourglass", "warn", before)
    if row.invited_sequence is None:
        if row.outdated:
            return Has("not reached", "circle-alert", "danger", "no message about it was delivered", wrong=True)
        return Has("never heard of it", "mail-x", "")
    note = f"accepted {_stamp(row.invited_at, now)}" if row.invited_at else ""
    word = _invitation(deposition, row, now)
    return Has(word, "circle-alert", "danger", note, wrong=True) if row.outdated else Has(word, "check", "good", note)


def _invitation(deposition: Deposition, row: Knowledge, now: datetime) -> str:
    """`version 1, 9:30 AM`, with the day where it is another one than the session's."""
    if row.invited_canceled:
        return "canceled"
    text = f"version {row.invited_sequence}"
    if row.invited_starts_at is None:
        return text
    here, there = (datetimes.local(at, deposition.zone) for at in (row.invited_starts_at, deposition.starts_at))
    day = "" if here.date() == there.date() else f"{datetimes.day(here.date(), now.date())}, "
    return f"{text}, {day}{datetimes.hour(here, deposition.zone)}"


def _system(deposition: DepositionDetail, row: Knowledge | None, read_at: datetime | None, now: datetime) -> Known:
    """The organization's system: what its webhook accepted, and when it last read the API."""
    since = deposition.sequence_at or deposition.created_at
    read = bool(read_at and read_at > since)
    opened = f"Read the API {_stamp(read_at, now)}" if read_at else "Has never read the API"
    if read_at and not read:
        opened += ", before it changed"
    if read:
        has = Has("read it in the API", "check", "good")
    elif row is None:
        has = Has("the request", "check", "") if deposition.state == State.INITIAL else Has("not told", "webhook", "")
    elif row.invited_sequence == 0:
        has = _has_request(deposition, row)
    else:
        has = _has(deposition, row, now)
    return Known(deposition.organization_name, deposition.postback_url or "", SYSTEM, has, opened, "")


def _has_request(deposition: Deposition, row: Knowledge) -> Has:
    if row.message_state == MessageState.WAITING and row.message_sequence == deposition.sequence:
        return Has("on its way", "hourglass", "warn", "a webhook")
    return Has("the request only", "circle-alert", "danger", "no webhook was accepted", wrong=row.outdated)


def _stamp(at: datetime, now: datetime) -> str:
    """The hour of what was today, else the day."""
    here, today = (datetimes.local(each, me().time_zone) for each in (at, now))
    if here.date() == today.date():
        return datetimes.bare_hour(here, me().time_zone)
    return datetimes.day(here.date(), today.date())


def _summary(deposition: Deposition, rows: Sequence[Known], behind: Sequence[Knowledge]) -> tuple[str, str]:
    """How far what they know agrees with what is true, and the tone of these words."""
    if behind:
        one = len(behind) == 1
        if deposition.state == State.CANCELED:
            what = f"still {'believes' if one else 'believe'} that it takes place"
        elif all(each.invited_sequence and not each.invited_canceled for each in behind):
            what = f"{'believes' if one else 'believe'} the old hour"
        else:
            what = f"{'does' if one else 'do'} not know how it stands"
        return f"{len(behind)} of {len(rows)} {what}", "danger"
    if deposition.state == State.INITIAL:
        return "once it is scheduled", ""
    know = sum(one.has is not None and one.has.tone == "good" for one in rows)
    if know == len(rows):
        return f"all {know}" if know > 1 else "", ""
    return f"{know} of {len(rows)} so far", ""
