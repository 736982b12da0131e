"""The report as a document of the worker: a PDF in the session's language, which carries the statement."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import url_for
from markupsafe import Markup

from app.accounts.roles import INSPECTIONS
from app.dashboard.documents.kinds import File, Kind, Making
from app.dashboard.documents.models import Document
from app.files import keeping
from app.inspections import actions, events, numbers, queries
from app.inspections.actions._write import record
from app.inspections.locales import TRANSLATIONS, date_time
from app.inspections.models import Inspection
from app.inspections.queries import Item
from app.inspections.report import facts, reading
from app.kernel import pdf, store
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.json_types import JsonObject
from app.kernel.text.i18n import Translator

NAME = "inspection.report"
EVERY = 25
"""Pictures after which the progress is said anew."""


def make(making: Making) -> File:
    """Makes the report of an inspection. The same record gives the same bytes, but for when it was asked for."""
    with making.database.read() as db:
        source = reading.source(db, making.id)
    t = TRANSLATIONS.translator(str(making.options.get("locale", "en")))
    number = numbers.number_of(making.id)
    pictures = _pictures(making, source.items)
    making.progress("Writing the PDF")
    address = f"{making.database.config.public_base_url}/verify/{number}"
    return File(f"report-{number}.pdf", pdf.MIME, written(source, t, making.document.requested_at, address, pictures))


def written(
    source: facts.Source, t: Translator, created: datetime, address: str, pictures: Mapping[str, bytes]
) -> bytes:
    """The PDF. Raises pdf.Failed."""
    statement = pdf.Attachment(facts.STATEMENT, facts.statement_of(source), t("report_statement"), "Data")
    page = page_of(source, t, created, address, pictures)
    return pdf.render(pdf.Source(page, created, pictures, [statement]))


def page_of(source: facts.Source, t: Translator, created: datetime, address: str, pictures: Mapping[str, bytes]) -> str:
    """The page of which the PDF is made; `address` is where the report is checked."""
    import segno  # for this page alone

    return pdf.page(
        "inspection-report.html",
        lang=t.lang,
        title=t("report_title"),
        author=source.organization,
        created=created,
        t=t,
        facts=facts.of(source, t),
        number=numbers.number_of(source.inspection.id),
        address=address,
        made=date_time(created, source.zone, t),
        pictures=pictures,
        statement_name=facts.STATEMENT,
        qr=Markup(segno.make(address, error="m").svg_inline(border=0, svgclass="qr", lineclass=None, omitsize=True)),
    )


def _pictures(making: Making, items: Sequence[Item]) -> dict[str, bytes]:
    """The thumbnails, by the SHA-256 of each. One that is missing or damaged is left out: the page says so. Raises
    Away."""
    wanted = [item for item in items if item.thumbnail_sha256 and item.erased_at is None]
    found = {}
    for n, item in enumerate(wanted):
        if n % EVERY == 0:
            making.progress(f"Reading {n} of {len(wanted)} pictures")
        name = item.thumbnail_sha256 or ""
        try:
            found[name] = making.store.get(keeping.copies(item.inspection_id), name)
        except (store.Missing, store.Damaged):
            continue
    return found


def options_of(inspection: Inspection) -> JsonObject:
    """What a report of this inspection is asked for with: the language of the inspection."""
    return {"locale": inspection.locale}


def _basis(db: Db, subject_id: str, _options: JsonObject) -> str:
    return reading.basis(db, uuid.UUID(subject_id))


def _url(document: Document) -> str:
    return url_for("inspections.detail", id=document.subject_id, _anchor="report")


def _record(
    db: Db, event_type: EventType, document: Document, *, by: Actor, now: datetime, data: Mapping[str, object]
) -> None:
    record(db, event_type, queries.get(db, uuid.UUID(document.subject_id)), by=by, now=now, data=data)


def _settled(db: Db, document: Document, digest: str, now: datetime) -> None:
    actions.note_made(db, uuid.UUID(document.subject_id), "report", digest, now)


KIND = Kind(
    name=NAME,
    title="Report",
    subject_type=events.SUBJECT,
    make=make,
    basis=_basis,
    needs=INSPECTIONS,
    url=_url,
    record=_record,
    requested=events.REPORT_REQUESTED,
    downloaded=events.REPORT_DOWNLOADED,
    members={},
    settled=_settled,
)
