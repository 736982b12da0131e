"""The rows of the three rooms, as both databases store them: text for moments, ids and JSON.

Row `i` of `n` depends on `i`, `n` and the moment alone. Organizations take turns, and one of them has ten times the
rows of any other; states repeat within each organization, so that ten thousand rows look like a million.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from app.kernel.text import normalization, search
from bench.world import ORGANIZATIONS, TEMPLATES, template_id

TURNS = ORGANIZATIONS + 10
FIRST = [
    "Ada",
    "Ben",
    "Cleo",
    "Dara",
    "Emil",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "June",
    "Karl",
    "Lia",
    "Milo",
    "Nora",
    "Omar",
    "Pia",
    "Quinn",
    "Rosa",
    "Sami",
    "Tess",
]
LAST = [
    "Abbott",
    "Brandt",
    "Castro",
    "Dietz",
    "Eklund",
    "Flores",
    "Grant",
    "Huber",
    "Ibsen",
    "Jonas",
    "Keller",
    "Lang",
    "Moreau",
    "Novak",
    "Olsen",
    "Petit",
]
ZONE = timedelta(hours=-5)
"""Bogota has no summer time, so that a wall time is a plain difference."""


class Rows(NamedTuple):
    """The rows of one table: their columns, and tuples in that order."""

    table: str
    columns: tuple[str, ...]
    values: Iterator[tuple[Any, ...]]


def organization_of(i: int) -> int:
    """Whose row this is: each in turn, and the first ten times more."""
    turn = i % TURNS
    return turn + 1 if turn < ORGANIZATIONS else 1


def uuid_of(kind: str, i: int) -> str:
    return hashlib.md5(f"{kind} {i}".encode()).hexdigest()


def moment(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


def _text(value: datetime) -> str:
    """The same of a moment in UTC without its zone: most of what a million rows cost is their moments."""
    return value.isoformat(" ", "microseconds")


def _created(n: int, now: datetime, span: timedelta) -> Iterator[tuple[int, datetime]]:
    """The numbers of the rows, and when each was made, without zone: evenly over `span`, the last one a step ago."""
    first, every = now.replace(tzinfo=None) - span, span // timedelta(microseconds=1)
    for i in range(1, n + 1):
        yield i, first + timedelta(microseconds=(i - 1) * every // n)


def name(i: int) -> str:
    return f"{FIRST[i % 20]} {LAST[i * 7 % 16]}{i % 997}"


def _turn(i: int) -> int:
    """How many rows its organization had before, about."""
    return i // TURNS


PRESCREEN_LIFE = timedelta(days=30)
_SPREAD = timedelta(days=60)
# Of twenty in a row, those that are still within their 30 days, and older ones: (status, review_status).
_PENDING, _APPROVED, _DENIED = ("completed", "pending_review"), ("completed", "approved"), ("completed", "denied")
_DRAFT, _ACTIVE = ("draft", "pending_review"), ("active", "pending_review")
_LIVE = (_PENDING, _PENDING, _APPROVED, _PENDING, _ACTIVE, _PENDING, _PENDING, _DENIED, _PENDING, _DRAFT) * 2
_OLD = (_APPROVED, _APPROVED, _DENIED, _APPROVED, _ACTIVE, _APPROVED, _APPROVED, _DENIED, _PENDING, _DRAFT) * 2

PRESCREENS = [
    "id",
    "organization_id",
    "workflow_template_id",
    "template_version",
    "contact_id",
    "submission",
    "status",
    "review_status",
    "review_notes",
    "reviewed_at",
    "reviewed_by",
    "name",
    "email",
    "phone",
    "locale",
    "link_mails",
    "version",
    "created_at",
    "completed_at",
    "updated_at",
    "expires_at",
    "expires_on",
]


def prescreens(n: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    templates = {
        (org, number): template_id(org, number).hex
        for org in range(1, ORGANIZATIONS + 1)
        for number in range(TEMPLATES)
    }
    nine, three, today = timedelta(minutes=9), timedelta(hours=3), now.replace(tzinfo=None)
    for i, created in _created(n, now, _SPREAD):
        expires = created + PRESCREEN_LIFE
        ends = _text(expires)
        states = _LIVE if expires > today else _OLD
        status, review = states[_turn(i) % 20]
        who, org = name(i), organization_of(i)
        mail = f"p{i}@example.com"
        made, changed = _text(created), _text(created + nine)
        done = review != "pending_review"
        reviewed = _text(created + three) if done else None
        yield (
            uuid_of("prescreen", i),
            org,
            templates[org, i % TEMPLATES],
            1,
            uuid_of("contact", i) if i % 4 == 0 else None,
            f'{{"fullName":"{who}","email":"{mail}","moveInDate":"2027-0{i % 9 + 1}-01",'
            f'"budget":{900 + i % 2400},"pets":"{i % 3} cats"}}',
            status,
            review,
            "Good references, <checked> by phone & mail." if done else None,
            reviewed,
            "Lena Agent" if done else None,
            who,
            mail,
            None,
            "en",
            0,
            2 if done else 1,
            made,
            changed if status == "completed" else None,
            reviewed or changed,
            ends,
            ends[:10],
        )


CONTACTS = ["id", "organization_id", "name", "email", "email_key", "created_at"]


def contacts(n: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    """Who answered: a contact for every fourth prescreen."""
    made = moment(now)
    for i in range(4, n + 1, 4):
        mail = f"p{i}@example.com"
        yield (uuid_of("contact", i), organization_of(i), name(i), mail, mail, made)


_YEARS = timedelta(days=730)
_AHEAD = ("scheduled", "initial", "scheduled", "ready", "scheduled", "initial", "scheduled", "canceled") * 2
_PAST = ("ended", "ended", "canceled", "ended", "ended", "ended", "ended", "canceled", "ended", "ended")
MANAGED = 12
"""How many people the roster has."""

MANAGERS = [
    "id",
    "name",
    "email",
    "zone",
    "languages",
    "skills",
    "buffer_before",
    "buffer_after",
    "templates",
    "active",
    "version",
    "created_at",
    "updated_at",
]


def managers(now: datetime) -> Iterator[tuple[Any, ...]]:
    """The roster."""
    for i in range(MANAGED):
        made = moment(now - _YEARS)
        facts = ("America/Bogota", "[]", "[]", 15, 15, "{}", 1, 1, made, made)
        yield (i + 1, "Mara Manager", f"manager{i}@bench.example", *facts)


DEPOSITIONS = [
    "id",
    "organization_id",
    "state",
    "version",
    "remote_session_id",
    "slug",
    "title",
    "case_name",
    "file_number",
    "start_date",
    "start_time",
    "time_zone",
    "estimated_duration",
    "zone",
    "starts_at",
    "ends_at",
    "ambiguous",
    "session_type",
    "deponent_name",
    "deponent_email",
    "deponent_role",
    "invites",
    "details",
    "manager_id",
    "manager_name",
    "manager_email",
    "cancellation_open",
    "sequence",
    "booked_at",
    "started_at",
    "ended_at",
    "canceled_at",
    "created_at",
    "updated_at",
]


_LENGTH = timedelta(hours=2)


@lru_cache(maxsize=1 << 17)
def _span(start: datetime) -> tuple[str, str, str, str]:
    """A start as a row has it: local date and time, the moment, and that of the end. Many sessions share a quarter."""
    wall = start + ZONE
    return wall.date().isoformat(), wall.strftime("%I:%M %p"), _text(start), _text(start + _LENGTH)


def depositions(n: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    ahead, five, today = [timedelta(days=3 + days) for days in range(42)], timedelta(hours=5), now.replace(tzinfo=None)
    for i, created in _created(n, now, _YEARS):
        start = (created + ahead[i % 42]).replace(minute=i % 4 * 15, second=0, microsecond=0)
        state = _AHEAD[_turn(i) % 16] if start > today else _PAST[_turn(i) % 10]
        booked = state not in ("initial", "canceled")
        who, last = name(i), LAST[i * 7 % 16]
        day, hour, starts, ends = _span(start)
        asked = state == "scheduled" and i % 97 == 0
        ended = ends if state == "ended" else None
        later = _text(created + five)
        yield (
            i,
            organization_of(i),
            state,
            2 if booked else 1,
            uuid_of("deposition", i),
            f"{last.lower()}-v-harbor-{i:016x}",
            f"Deposition of {who}",
            f"{last} v. Harbor & Sons <{i}>",
            f"F-{i}" if i % 2 else None,
            day,
            hour,
            "Bogota",
            "2" if i % 3 else "1.25",
            "America/Bogota",
            starts,
            ends,
            0,
            "remote_deposition",
            who,
            f"d{i}@example.com",
            "witness" if i % 2 else "deponent",
            f'[{{"email":"counsel{i % 500}@example.com","access_level":"host"}},'
            f'{{"email":"clerk{i % 900}@example.com","access_level":"participant"}}]',
            '{"language":"en-US","interpreter":"none"}',
            i % MANAGED + 1 if booked else None,
            "Mara Manager" if booked else None,
            f"manager{i % MANAGED}@bench.example" if booked else None,
            1 if asked else 0,
            1 if booked else 0,
            later if booked else None,
            starts if ended else None,
            ended,
            later if state == "canceled" else None,
            _text(created),
            ended or later,
        )


_YEAR = timedelta(days=365)
_NOW = ("created", "closed", "created", "open", "created", "closed", "created", "recording", "created", "closed")
_THEN = ("closed", "closed", "created", "closed", "closed", "closed", "closed", "closed", "closed", "closed")
_ANCHORING = ("anchored", "no_authority", "anchored", "no_authority", "no_authority", "anchored", "no_authority")

INSPECTIONS = [
    "id",
    "organization_id",
    "status",
    "operator_email",
    "operator_name",
    "scheduled_for",
    "expires_at",
    "expires_on",
    "started_at",
    "attended_at",
    "ended_at",
    "notes",
    "locale",
    "consent_state",
    "anchoring",
    "chain_length",
    "chain_head",
    "version",
    "created_at",
    "updated_at",
]


def inspections(n: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    hours, recent = [timedelta(hours=each) for each in range(200)], now.replace(tzinfo=None) - timedelta(days=7)
    for i, created in _created(n, now, _YEAR):
        fresh = created > recent
        status = (_NOW if fresh else _THEN)[_turn(i) % 10]
        scheduled = created + hours[i % 200] if i % 2 else None
        expires = _text((scheduled or created) + hours[24])
        joined, made = status != "created", _text(created)
        started = _text(created + hours[1]) if joined else None
        ended = _text(created + hours[2]) if status == "closed" else None
        pending = i % 211 == 0 and ended
        yield (
            uuid_of("inspection", i),
            organization_of(i),
            status,
            f"operator{i % 20}@bench.example",
            "Otto Operator",
            scheduled and _text(scheduled),
            expires,
            "" if joined else expires[:10],
            started,
            started if status in ("recording", "closed") else None,
            ended,
            f"Flat {i % 400}, second floor. Ring at <Huber & Co>.",
            "en",
            '{"camera":"granted","location":"denied"}' if joined else "{}",
            ("pending" if pending else _ANCHORING[i % 7]) if ended else "not_ended",
            0,
            "0" * 64,
            3 if joined else 1,
            made,
            ended or started or made,
        )


def _found_by(n: int) -> Iterator[tuple[str, str, int, str, str, tuple[str, str]]]:
    """Depositions and prescreens by the same words as in the product, less the addresses: kind, id, whose, title, other
    words, and which of them no other row has."""
    for i in range(1, n + 1):
        who, number, organization = name(i).lower(), str(i), organization_of(i)
        title, own = f"{who} {LAST[i * 7 % 16].lower()} v harbor sons {number}", (number, f"d{number}")
        yield "deposition", number, organization, title, f"deposition of {own[1]}", own
        id = uuid_of("prescreen", i)
        subject = f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"
        own = (f"p{number}", id)
        yield "prescreen", subject, organization, who, f"{own[0]} {id}", own


@lru_cache(maxsize=1 << 15)
def _beginnings(word: str) -> frozenset[str]:
    """What a word is found by that other rows have too: names come again after 16,000 rows."""
    return frozenset(normalization.prefixes(word))


@lru_cache(maxsize=2 * ORGANIZATIONS)
def _marks(whose: int, kind: str) -> frozenset[str]:
    return frozenset(search.document(whose, kind, "", ""))


def _tokens(whose: int, kind: str, title: str, rest: str, own: tuple[str, str]) -> frozenset[str]:
    """The same as `search.document`, in no order."""
    known = [word for word in f"{title} {rest}".split() if word not in own]
    return _marks(whose, kind).union(normalization.prefixes(*own), *map(_beginnings, known))


def entries(n: int, *, postgresql: bool) -> Rows:
    """What things are found by."""
    names = ("id", "subject_type", "subject_id", "organization_id", "title", "rest")

    def values() -> Iterator[tuple[Any, ...]]:
        for id, (kind, subject, whose, title, rest, own) in enumerate(_found_by(n), 1):
            row = (id, kind, subject, whose, title, rest)
            yield (*row, search.vector(_tokens(whose, kind, title, rest, own), id)) if postgresql else row

    return Rows("search_entries", (*names, "document") if postgresql else names, values())


def index(n: int) -> Rows:
    """The same for SQLite's index."""

    def values() -> Iterator[tuple[Any, ...]]:
        for id, (kind, _, whose, title, rest, own) in enumerate(_found_by(n), 1):
            yield id, " ".join(_tokens(whose, kind, title, rest, own))

    return Rows("search_index", ("rowid", "document"), values())


def everything(n: int, now: datetime) -> list[Rows]:
    """The tables of the three rooms with `n` rows each, in the order in which they may be written."""
    return [
        Rows("contacts", tuple(CONTACTS), contacts(n, now)),
        Rows("prescreens", tuple(PRESCREENS), prescreens(n, now)),
        Rows("managers", tuple(MANAGERS), managers(now)),
        Rows("depositions", tuple(DEPOSITIONS), depositions(n, now)),
        Rows("inspections", tuple(INSPECTIONS), inspections(n, now)),
    ]
