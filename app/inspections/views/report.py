"""The report of an inspection: having it made, and what the page says of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask import Response

from app.accounts.access import allow, me
from app.dashboard.documents import actions as documents
from app.dashboard.documents import presentation, queries
from app.dashboard.documents.presentation import DocumentRow
from app.inspections import rules
from app.inspections.forms import ButtonForm
from app.inspections.models import Inspection
from app.inspections.report.document import KIND, options_of
from app.inspections.views.actions import back_to
from app.inspections.views.filters import READERS, actable, pages
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db


class Shown(NamedTuple):
    """The newest report, and whether anything came since."""

    document: DocumentRow | None
    outdated: bool


@pages.post("/<id>/report")
@allow(*READERS)
def make_report(id: str) -> Response:
    """Has the worker make the report. One that has all that is known already is given instead."""
    ButtonForm().check()
    inspection, now = actable(id), clock.now()
    rules.check_report(inspection)
    documents.request(
        db(),
        KIND,
        inspection.id,
        inspection.organization_id,
        options_of(inspection),
        by=me().actor(),
        now=now,
    )
    return back_to(inspection)


def shown(db: Db, inspection: Inspection, now: datetime) -> Shown:
    """What the page says of the report."""
    newest = queries.latest(db, KIND.name, KIND.subject_type, inspection.id)
    if newest is None:
        return Shown(None, False)
    options = options_of(inspection)
    key = documents.key_of(KIND, str(inspection.id), options, KIND.basis(db, str(inspection.id), options))
    return Shown(presentation.document_row(newest, KIND), newest.key != key)
