"""The audit page, for administrators and auditors, and the same list as a CSV file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, request, url_for

from app.accounts import queries as accounts
from app.accounts.access import allow, me
from app.accounts.roles import AUDIT, Role
from app.dashboard import csv_export
from app.dashboard.filters import Unreadable
from app.desks import DESKS
from app.home import audit, audit_filters
from app.kernel import clock
from app.kernel.changes.event_types import TimelineEntry
from app.kernel.db.transaction import database, reading, side_transaction
from app.kernel.web.htmx import has_target, personal, respond, see_other

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
VIA = {"page": "at the desk", "api": "through the API", "worker": "by itself", "cli": "from the command line"}
ENDPOINTS = {desk.subject: desk.detail_endpoint for desk in DESKS}


@pages.get("", endpoint="list")
@allow(*READERS)
def list_() -> Response:
    """The events of this user's organizations, newest first."""
    unreadable: list[Unreadable] = []
    filters, scope, now = audit_filters.read(unreadable), me().scope(AUDIT), clock.now()
    page = audit.page(reading(), scope, filters, request.args.get("after"))
    names = audit.subject_names(reading(), page.rows)
    ids = None if scope.everything else scope.organization_ids
    organizations = accounts.organizations(reading(), ids)
    by_id = {each.id: each.name for each in organizations}
    # An address that is copied must mean the same days to every reader.
    kept = (
        url_for(".list", **audit_filters.arguments(filters))
        if audit_filters.rewritten(filters) and not unreadable
        else ""
    )
    if kept and not has_target("audit"):
        return see_other(kept)
    controls = audit_filters.controls(
        filters,
        organizations=[(str(id), name) for id, name in by_id.items()],
        people=[(str(each.id), each.name) for each in accounts.people(reading(), ids)],
        kinds=[(kind, kind_label(kind)) for kind in sorted(audit.EVENTS)],
    )
    response = respond(
        "home/audit.html",
        "home/_audit.html",
        filters=filters,
        args=audit_filters.arguments(filters),
        rows=[_row(row, names, by_id if len(by_id) > 1 else {}) for row in page.rows],
        page=page,
        unreadable=unreadable,
        next_url=url_for(".list", **audit_filters.arguments(filters), after=page.next_cursor)
        if page.next_cursor
        else "",
        first_url="" if page.first else url_for(".list", **audit_filters.arguments(filters)),
        controls=controls,
        in_form=audit_filters.in_form(filters),
        during=url_for(".list", **audit_filters.during(filters)),
        chips=[
            (one, url_for(".list", **audit_filters.without(filters, *one.names)))
            for one in audit_filters.active(filters, controls)
        ],
        zone=me().time_zone,
        now=now,
    )
    if kept:
        response.headers["HX-Push-Url"] = kept
    return response


@pages.get("/csv")
@allow(*READERS)
def csv() -> Response:
    """The filtered list as a CSV file, streamed. The export is recorded as an event itself."""
    filters, scope, now, own_database = audit_filters.read(), me().scope(AUDIT), clock.now(), database()
    wanted, own_ids = filters.organization_id, sorted(scope.organization_ids)
    home = own_ids[0] if len(own_ids) == 1 and not scope.everything else None
    # An address may name any organization: the audit of one that is not the reader's stays as it is.
    organization_id = wanted if wanted is not None and scope.covers(wanted) else home
    with side_transaction() as own:
        address = url_for(".list", **audit_filters.arguments(filters))
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
