"""The audit page: who did what to what, for administrators and auditors, and the same as a file."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, request, url_for

from app.accounts import queries as accounts
from app.accounts.access import allow, me
from app.accounts.roles import AUDIT, DESKS, Role
from app.dashboard import csv_files
from app.home import audit
from app.home.overview import ALL, SUBJECTS
from app.kernel import clock
from app.kernel.db.transaction import database, reading, side_transaction
from app.kernel.errors import Invalid
from app.kernel.web.htmx import personal, respond

pages = Blueprint("audit", __name__, url_prefix="/audit")

READERS = (Role.ADMIN, Role.AUDITOR)
HEAD = (
    "number",
    "at (UTC)",
    "who",
    "kind of who",
    "door",
    "address",
    "what",
    "about",
    "id",
    "organization",
    "what was kept",
    "request",
)
"""The first line of the file."""
DOORS = {"page": "at the desk", "api": "by the API", "worker": "by itself", "cli": "from the command line"}
ENDPOINTS = {SUBJECTS[desk.name]: desk.endpoint.replace(".list", ".detail") for desk in ALL}


@pages.get("", endpoint="list")
@allow(*READERS)
def list_() -> Response:
    """What happened, newest first, as far as this person's organizations reach."""
    f, scope, now = _asked(), me().scope(AUDIT), clock.now()
    page = audit.page(reading(), scope, f, request.args.get("after"))
    named = audit.subjects(reading(), page.rows)
    ids = None if scope.everything else scope.organization_ids
    places = accounts.organizations(reading(), ids)
    homes = {place.id: place.name for place in places}
    return respond(
        "home/audit.html",
        "home/_audit.html",
        f=f,
        args=_args(f),
        rows=[_shown(row, named, homes if len(homes) > 1 else {}) for row in page.rows],
        page=page,
        next_url=url_for(".list", **_args(f), after=page.next_cursor) if page.next_cursor else "",
        first_url="" if page.first else url_for(".list", **_args(f)),
        organizations=[("", "any"), *homes.items()],
        people=[("", "anybody"), *((each.id, each.name) for each in accounts.people(reading(), ids))],
        desks_shown=[("", "anything"), *((desk.name, desk.title) for desk in ALL), (audit.HOUSE, "People and keys")],
        kinds=[("", "anything"), *((kind, kind_words(kind)) for kind in sorted(audit.EVENTS))],
        zone=me().time_zone,
        now=now,
    )


@pages.get("/csv")
@allow(*READERS)
def csv() -> Response:
    """Exactly the filtered list as a file, streamed. That a copy was taken is an event too."""
    f, scope, now, house = _asked(), me().scope(AUDIT), clock.now(), database()
    places = sorted(scope.organization_ids)
    whose = f.organization_id or (None if scope.everything or len(places) != 1 else places[0])
    with side_transaction() as own:
        address = url_for(".list", **_args(f))
        csv_files.note(own, "audit", address=address, rows=None, organization_id=whose, by=me().actor(), now=now)

    def records() -> Iterator[list[Any]]:
        with house.read() as its_own:
            for row in audit.every(its_own, scope, f):
                entry = audit.EVENTS.of(row).entry(row)
                kept = "; ".join(f"{name}: {value}" for name, value in audit.facts(row.data))
                about = (row.subject_type, row.subject_id, row.organization_id)
                who = (row.actor_name, row.actor_kind, DOORS.get(row.via, row.via), row.address)
                yield [row.id, row.created_at, *who, entry.text, *about, kept, row.request_id]

    answer = Response((piece.encode() for piece in csv_files.lines(HEAD, records())), mimetype="text/csv")
    name = csv_files.named("audit", f.desk, now, me().time_zone)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)


def kind_words(kind: str) -> str:
    """`deposition.room_changed` as people say it: `Deposition room changed`."""
    return kind.replace(".", " ").replace("_", " ").capitalize()


def _shown(row: Any, named: dict[tuple[str, str], str], homes: dict[int, str]) -> dict[str, Any]:
    entry = audit.EVENTS.of(row).entry(row)
    by = f" by {row.actor_name}"
    return {
        "id": row.id,
        "at": row.created_at,
        "icon": entry.icon,
        "tone": entry.tone,
        "text": entry.text.replace(by, ""),
        "small": " · ".join(part for part in entry.small.split(" · ") if part and part != by.strip()),
        "who": row.actor_name,
        "door": DOORS.get(row.via, row.via),
        "address": row.address or "",
        "request": row.request_id or "",
        "about": _about(row, named),
        "organization": homes.get(row.organization_id, ""),
        "facts": audit.facts(row.data),
    }


def _about(row: Any, named: dict[tuple[str, str], str]) -> dict[str, str]:
    """The thing it happened to: its words, and its page when there is one."""
    name = named.get((row.subject_type, row.subject_id))
    if row.subject_type in ENDPOINTS:
        words = f"{row.subject_type.capitalize()} {row.subject_id.partition('-')[0]}"
        return {"words": words, "url": url_for(ENDPOINTS[row.subject_type], id=row.subject_id)}
    if name is None:
        return {"words": row.subject_type.replace("_", " ").capitalize(), "url": ""}
    which: dict[str, Any] = {f"{row.subject_type}_id": int(row.subject_id)}
    return {"words": name, "url": url_for(f"accounts.{row.subject_type}", **which) if me().administers else ""}


def _asked() -> audit.Filters:
    """What the address asks for. Raises Invalid for what cannot be read: never silently unfiltered."""
    desk, kind = request.args.get("desk", ""), request.args.get("kind", "")
    if desk not in ("", *DESKS, audit.HOUSE):
        raise Invalid("There is no such desk. Choose one from the filter.", code="filter.desk")
    if kind and kind not in audit.EVENTS:
        raise Invalid("Nothing of that kind ever happens here. Choose one from the filter.", code="filter.kind")
    subject_id = request.args.get("about", "").strip()[:40]
    if subject_id and (desk not in DESKS or not subject_id.isprintable()):
        raise Invalid("Say at which desk the thing stands, and its number or id.", code="filter.about")
    return audit.Filters(
        organization_id=_number("organization"),
        person_id=_number("who"),
        desk=desk,
        kind=kind,
        subject_id=subject_id,
        first=_day("from"),
        last=_day("to"),
        zone=me().time_zone,
    )


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("This filter cannot be read. Choose one from the list.", code=f"filter.{name}")
    return int(text) if text else None


def _day(name: str) -> date | None:
    text = request.args.get(name, "")
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = date.min
    if day is not None and not 1900 <= day.year <= 2199:
        raise Invalid("Write the day as YYYY-MM-DD, for example 2026-11-24.", code=f"filter.{name}")
    return day


def _args(f: audit.Filters) -> dict[str, Any]:
    """The address of a list, without what goes without saying."""
    args = {
        "organization": f.organization_id,
        "who": f.person_id,
        "desk": f.desk or None,
        "kind": f.kind or None,
        "about": f.subject_id or None,
        "from": f.first.isoformat() if f.first else None,
        "to": f.last.isoformat() if f.last else None,
    }
    return {name: value for name, value in args.items() if value is not None}
