"""The audit page, for administrators and auditors, and the same list as a CSV file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from flask import Blueprint, Response, request, url_for

from app.accounts import queries as accounts
from app.accounts.access import allow, me
from app.accounts.roles import AUDIT, Role
from app.dashboard import csv_export
from app.desks import DESKS
from app.home import audit
from app.kernel import clock
from app.kernel.changes.event_types import TimelineEntry
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
    "via",
    "address",
    "what",
    "about",
    "id",
    "organization",
    "what was kept",
    "request",
)
"""The first line of the file."""
VIA = {"page": "at the desk", "api": "by the API", "worker": "by itself", "cli": "from the command line"}
ENDPOINTS = {desk.subject: desk.detail_endpoint for desk in DESKS}
NAMES = tuple(desk.name for desk in DESKS)
FORMER_GENERAL = "house"
"""What the address called audit.GENERAL once."""


@pages.get("", endpoint="list")
@allow(*READERS)
def list_() -> Response:
    """The events of this user's organizations, newest first."""
    filters, scope, now = _filters(), me().scope(AUDIT), clock.now()
    page = audit.page(reading(), scope, filters, request.args.get("after"))
    names = audit.subject_names(reading(), page.rows)
    ids = None if scope.everything else scope.organization_ids
    organizations = accounts.organizations(reading(), ids)
    by_id = {each.id: each.name for each in organizations}
    return respond(
        "home/audit.html",
        "home/_audit.html",
        filters=filters,
        args=_args(filters),
        rows=[_row(row, names, by_id if len(by_id) > 1 else {}) for row in page.rows],
        page=page,
        next_url=url_for(".list", **_args(filters), after=page.next_cursor) if page.next_cursor else "",
        first_url="" if page.first else url_for(".list", **_args(filters)),
        organizations=[("", "any"), *by_id.items()],
        people=[("", "anybody"), *((each.id, each.name) for each in accounts.people(reading(), ids))],
        desks_shown=[
            ("", "anything"),
            *((desk.name, desk.title) for desk in DESKS),
            (audit.GENERAL, "People and keys"),
        ],
        kinds=[("", "anything"), *((kind, kind_label(kind)) for kind in sorted(audit.EVENTS))],
        zone=me().time_zone,
        now=now,
    )


@pages.get("/csv")
@allow(*READERS)
def csv() -> Response:
    """The filtered list as a CSV file, streamed. The export is recorded as an event itself."""
    filters, scope, now, own_database = _filters(), me().scope(AUDIT), clock.now(), database()
    own_ids = sorted(scope.organization_ids)
    organization_id = filters.organization_id or (None if scope.everything or len(own_ids) != 1 else own_ids[0])
    with side_transaction() as own:
        address = url_for(".list", **_args(filters))
        csv_export.record_export(
            own, "audit", address=address, rows=None, organization_id=organization_id, by=me().actor(), now=now
        )

    def records() -> Iterator[list[object]]:
        with own_database.read() as db:
            for row in audit.all_rows(db, scope, filters):
                entry = audit.EVENTS.of(row).entry(row)
                kept = "; ".join(f"{name}: {value}" for name, value in audit.facts(row.data))
                about = (row.subject_type, row.subject_id, row.organization_id)
                who = (row.actor_name, row.actor_kind, VIA.get(row.via, row.via), row.address)
                yield [row.id, row.created_at, *who, entry.text, *about, kept, row.request_id]

    answer = Response((piece.encode() for piece in csv_export.lines(HEAD, records())), mimetype="text/csv")
    name = csv_export.file_name("audit", filters.desk, now, me().time_zone)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)


def kind_label(kind: str) -> str:
    """The label of a kind: `Deposition room changed` for `deposition.room_changed`."""
    return kind.replace(".", " ").replace("_", " ").capitalize()


class About(NamedTuple):
    """What an event is about, and the address of its page when there is one."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One event as the page shows it."""

    id: int
    at: datetime
    entry: TimelineEntry
    who: str
    via: str
    address: str
    request: str
    about: About
    organization: str
    facts: list[tuple[str, str]]


def _row(row: audit.AuditEvent, names: dict[tuple[str, str], str], organizations: dict[int, str]) -> AuditRow:
    entry = audit.EVENTS.of(row).entry(row)
    by = f" by {row.actor_name}"
    details = [part for part in entry.small.split(" · ") if part and part != by.strip()]
    return AuditRow(
        id=row.id,
        at=row.created_at,
        entry=replace(entry, text=entry.text.replace(by, ""), small=" · ".join(details)),
        who=row.actor_name,
        via=VIA.get(row.via, row.via),
        address=row.address or "",
        request=row.request_id or "",
        about=_about(row, names),
        organization=organizations.get(row.organization_id or 0, ""),
        facts=audit.facts(row.data),
    )


def _about(row: audit.AuditEvent, names: dict[tuple[str, str], str]) -> About:
    name = names.get((row.subject_type, row.subject_id))
    if row.subject_type in ENDPOINTS:
        text = f"{row.subject_type.capitalize()} {row.subject_id.partition('-')[0]}"
        return About(text, url_for(ENDPOINTS[row.subject_type], id=row.subject_id))
    if name is None:
        return About(row.subject_type.replace("_", " ").capitalize())
    if not me().administers:
        return About(name)
    id = int(row.subject_id)
    if row.subject_type == "person":
        return About(name, url_for("accounts.person", person_id=id))
    return About(name, url_for("accounts.organization", organization_id=id))


def _filters() -> audit.Filters:
    """The filters of the address. Raises Invalid for one that cannot be read: the list is never silently unfiltered."""
    desk, kind = request.args.get("desk", ""), request.args.get("kind", "")
    desk = audit.GENERAL if desk == FORMER_GENERAL else desk
    if desk not in ("", *NAMES, audit.GENERAL):
        raise Invalid("There is no such desk. Choose one from the filter.", code="filter.desk")
    if kind and kind not in audit.EVENTS:
        raise Invalid("There are no events of that kind. Choose one from the filter.", code="filter.kind")
    # A link may name a kind as an earlier version stored it.
    kind = audit.EVENTS[kind].kind if kind else ""
    subject_id = request.args.get("about", "").strip()[:40]
    if subject_id and (desk not in NAMES or not subject_id.isprintable()):
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


def _args(filters: audit.Filters) -> dict[str, Any]:  # as url_for takes keywords
    """Query arguments of this list; defaults are omitted."""
    args = {
        "organization": filters.organization_id,
        "who": filters.person_id,
        "desk": filters.desk or None,
        "kind": filters.kind or None,
        "about": filters.subject_id or None,
        "from": filters.first.isoformat() if filters.first else None,
        "to": filters.last.isoformat() if filters.last else None,
    }
    return {name: value for name, value in args.items() if value is not None}
