"""The rows of the three rooms, as both databases store them: text for moments, ids and JSON.

Row `i` of `n` depends on `i`, `n` and the moment alone. Organizations take turns, and one of them has ten times the
rows of any other; states repeat within each organization, so that ten thousand rows look like a million.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from app.kernel.text import search
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
    for i in range(1, n + 1):
        created = now - _SPREAD * ((n - i + 1) / n)
        expires = created + PRESCREEN_LIFE
        states = _LIVE if expires > now else _OLD
        status, review = states[_turn(i) % 20]
        who, org = name(i), organization_of(i)
        mail = f"p{i}@example.com"
        made, changed = moment(created), moment(created + timedelta(minutes=9))
        done = review != "pending_review"
        reviewed = moment(created + timedelta(hours=3)) if done else None
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
            moment(expires),
            expires.date().isoformat(),
        )


CONTACTS = ["id", "organization_id", "name", "email", "email_key", "created_at"]


def contacts(n: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    """Who answered: a contact for every fourth prescreen."""
    for i in range(4, n + 1, 4):
        mail = f"p{i}@example.com"
        yield (uuid_of("contact", i), organization_of(i), name(i), mail, mail, moment(now))


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


def depositions(n: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    for i in range(1, n + 1):
        created = now - _YEARS * ((n - i + 1) / n)
        start = (created + timedelta(days=3 + i % 42)).replace(minute=i % 4 * 15, second=0, microsecond=0)
        state = _AHEAD[_turn(i) % 16] if start > now else _PAST[_turn(i) % 10]
        booked = state not in ("initial", "canceled")
        who, wall = name(i), start + ZONE
        asked = state == "scheduled" and i % 97 == 0
        ended = moment(start + timedelta(hours=2)) if state == "ended" else None
        later = moment(created + timedelta(hours=5))
        yield (
            i,
            organization_of(i),
            state,
            2 if booked else 1,
            uuid_of("deposition", i),
            f"{LAST[i * 7 % 16].lower()}-v-harbor-{uuid_of('slug', i)[:16]}",
            f"Deposition of {who}",
            f"{LAST[i * 7 % 16]} v. Harbor & Sons <{i}>",
            f"F-{i}" if i % 2 else None,
            wall.date().isoformat(),
            wall.strftime("%I:%M %p"),
            "Bogota",
            "2" if i % 3 else "1.25",
            "America/Bogota",
            moment(start),
            moment(start + timedelta(hours=2)),
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
            moment(start) if ended else None,
            ended,
            later if state == "canceled" else None,
            moment(created),
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
    recent = timedelta(days=7)
    for i in range(1, n + 1):
        created = now - _YEAR * ((n - i + 1) / n)
        fresh = now - created < recent
        status = (_NOW if fresh else _THEN)[_turn(i) % 10]
        scheduled = created + timedelta(hours=i % 200) if i % 2 else None
        expires = (scheduled or created) + timedelta(hours=24)
        joined = status != "created"
        started = moment(created + timedelta(hours=1)) if joined else None
        ended = moment(created + timedelta(hours=2)) if status == "closed" else None
        pending = i % 211 == 0 and ended
        yield (
            uuid_of("inspection", i),
            organization_of(i),
            status,
            f"operator{i % 20}@bench.example",
            "Otto Operator",
            scheduled and moment(scheduled),
            moment(expires),
            "" if joined else expires.astimezone(UTC).date().isoformat(),
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
            moment(created),
            ended or started or moment(created),
        )


def _found_by(n: int) -> Iterator[tuple[str, str, int, str, str]]:
    """Depositions and prescreens by the same words as in the product, less the addresses: kind, id, whose, words."""
    for i in range(1, n + 1):
        who = name(i).lower()
        case = f"{LAST[i * 7 % 16].lower()} v harbor sons {i}"
        yield "deposition", str(i), organization_of(i), f"{who} {case}", f"deposition of d{i}"
        id = uuid_of("prescreen", i)
        yield "prescreen", str(UUID(id)), organization_of(i), who, f"p{i} {id}"


def entries(n: int, *, postgresql: bool) -> Rows:
    """What things are found by."""
    names = ("id", "subject_type", "subject_id", "organization_id", "title", "rest")

    def values() -> Iterator[tuple[Any, ...]]:
        for id, (kind, subject, whose, title, rest) in enumerate(_found_by(n), 1):
            row = (id, kind, subject, whose, title, rest)
            yield (*row, search.vector(search.document(whose, kind, title, rest), id)) if postgresql else row

    return Rows("search_entries", (*names, "document") if postgresql else names, values())


def index(n: int) -> Rows:
    """The same for SQLite's index."""

    def values() -> Iterator[tuple[Any, ...]]:
        for id, (kind, _, whose, title, rest) in enumerate(_found_by(n), 1):
            yield id, " ".join(search.document(whose, kind, title, rest))

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
