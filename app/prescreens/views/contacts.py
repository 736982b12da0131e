"""The list of contacts, newest first, and the same list as a CSV file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.dashboard import csv_export
from app.kernel import clock
from app.kernel.db.transaction import database, reading, side_transaction
from app.kernel.text import search
from app.kernel.text.template_filters import pluralize
from app.kernel.web import list_filters
from app.kernel.web.arguments import Arguments
from app.kernel.web.htmx import personal, respond
from app.kernel.web.list_filters import Filter, ListFilters
from app.prescreens.events import CONTACT
from app.prescreens.presentation import earlier_row
from app.prescreens.queries import contact_list, questionnaires
from app.prescreens.queries.contact_list import SOME, Filed, ListedContact
from app.prescreens.queries.counts import reach_of
from app.prescreens.queries.stages import Reach
from app.prescreens.views.contact import name_of
from app.prescreens.views.filters import READERS, looker, pages

HEAD = ("Id", "Name", "E-mail", "Telephone", "Organization", "Known since", "Erased")
"""The first line of the file."""


class Chosen(NamedTuple):
    """The list that an address asks for."""

    filters: ListFilters
    reach: Reach
    found: list[UUID] | None
    """What has all of the words that are looked for, the newest; None without any."""
    more: bool
    """Whether there are others, older than these."""


def _chosen() -> Chosen:
    scope = me().scope(PRESCREENS)
    homes = questionnaires.organizations(reading(), reach_of(scope))
    filters = list_filters.read(
        "prescreens.contacts",
        Filter("q", "Name, e-mail or telephone"),
        Filter("organization", "Organization", [(str(id), name) for id, name in homes]),
    )
    home = filters["organization"]
    reach = reach_of(scope, int(home) if home else None)
    if not filters["q"]:
        return Chosen(filters, reach, None, False)
    organizations = None if reach.ids is None else frozenset(id for id in reach.ids if isinstance(id, int))
    hits = search.find(reading(), {CONTACT: organizations}, filters["q"])
    return Chosen(filters, reach, [UUID(hit.subject_id) for hit in hits.rows], hits.more)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact as the list shows it."""

    id: UUID
    name: str
    email: str
    phone: str
    organization: str
    latest: str
    """What became of their latest prescreen."""
    questionnaire: str
    prescreens: str
    since: datetime
    erased: bool


def _row(row: ListedContact, filed: Filed | None, now: datetime) -> ContactRow:
    latest = earlier_row(filed.latest, row.name, None, None, now) if filed else None
    n = filed.n if filed else 0
    return ContactRow(
        id=row.id,
        name=name_of(row),
        email=row.email or "",
        phone=row.phone or "",
        organization=row.organization_name,
        latest=f"{latest.status_text[:1].upper()}{latest.status_text[1:]}" if latest else "Nothing is filed",
        questionnaire=latest.questionnaire if latest else "",
        prescreens=f"{n:,}+" if n == SOME else f"{n:,}",
        since=row.created_at,
        erased=row.erased_at is not None,
    )


@pages.get("/contacts")
@allow(*READERS)
def contacts() -> Response:
    """The contacts of the user's organizations, newest first; those that they may not know of yet are left out."""
    db, now, viewer, chosen = reading(), clock.now(), looker(), _chosen()
    page = contact_list.page(db, chosen.reach, viewer, now, found=chosen.found, after=request.args.get("after", ""))
    filed = contact_list.filed(db, page.rows, viewer, now)
    several = me().scope(PRESCREENS).everything or len(me().scope(PRESCREENS).organization_ids) > 1
    values: Arguments = dict(chosen.filters.values)
    return respond(
        "prescreens/contacts.html",
        "prescreens/_contacts.html",
        "contacts",
        chosen=chosen.filters,
        rows=[_row(row, filed.get(row.id), now) for row in page.rows],
        lede=_lede(chosen),
        left_out=page.left_out,
        several=several and not chosen.filters["organization"],
        csv_url=url_for(".contacts_csv", **values),
        next_url=url_for(".contacts", **values, after=page.next_cursor) if page.next_cursor else "",
        first_url=url_for(".contacts", **values) if request.args.get("after") else "",
        zone=me().time_zone,
        now=now,
    )


def _lede(chosen: Chosen) -> str:
    if chosen.found is None:
        return f"{pluralize(contact_list.total(reading(), chosen.reach), 'contact')}, the newest first."
    if chosen.more:
        return f"The newest {len(chosen.found):,} contacts of these words. Older ones need more words."
    return "Contacts of these words, the newest first."


@pages.get("/contacts/csv")
@allow(*READERS)
def contacts_csv() -> Response:
    """The list as a CSV file, streamed. That it was taken is an event, without the words that were looked for."""
    now, viewer, chosen, own_database = clock.now(), looker(), _chosen(), database()
    home, own_ids = chosen.filters["organization"], sorted(me().scope(PRESCREENS).organization_ids)
    kept: Arguments = {"organization": home} if home else {}
    with side_transaction() as own:
        csv_export.record_export(
            own,
            PRESCREENS,
            address=url_for(".contacts", **kept),
            rows=None,
            organization_id=int(home) if home else own_ids[0] if len(own_ids) == 1 else None,
            by=me().actor(),
            now=now,
        )

    def records() -> Iterator[list[object]]:
        with own_database.read() as db:
            for row in contact_list.everybody(db, chosen.reach, viewer, now, chosen.found):
                known = (name_of(row), row.email, row.phone, row.organization_name)
                yield [row.id, *known, row.created_at, row.erased_at]

    answer = Response((piece.encode() for piece in csv_export.lines(HEAD, records())), mimetype="text/csv")
    name = csv_export.file_name(PRESCREENS, CONTACT + "s", now, me().time_zone)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)
