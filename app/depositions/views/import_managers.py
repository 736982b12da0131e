"""Importing the roster from a CSV, once the user has seen what it changes."""

import hashlib
import json
from typing import NamedTuple

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.depositions.actions import roster as actions
from app.depositions.queries import roster
from app.depositions.rules import roster_csv
from app.depositions.rules.roster import COLUMNS
from app.depositions.rules.roster_csv import Planned
from app.depositions.views.filters import READERS, pages
from app.depositions.views.managers import check_may_edit
from app.kernel import clock
from app.kernel.crypto import same
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.errors import Invalid
from app.kernel.text.template_filters import pluralize
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import respond, see_other

NOT_TEXT = "The file is no text in UTF-8. Save it as CSV in UTF-8 and try again. Nothing was saved."


class Plan(NamedTuple):
    """What an import changes, with a fingerprint of it."""

    rows: list[Planned]
    fingerprint: str

    def of(self, kind: str) -> list[Planned]:
        """The rows of one kind."""
        return [row for row in self.rows if row.kind == kind]

    @property
    def sentence(self) -> str:
        """`2 managers are added, 1 is changed, 3 stay as they are.`"""
        added, changed, kept = (len(self.of(kind)) for kind in ("add", "change", "keep"))
        parts = [
            f"{pluralize(added, 'manager')} {'is' if added == 1 else 'are'} added",
            f"{changed} {'is' if changed == 1 else 'are'} changed",
            f"{kept} {'stays' if kept == 1 else 'stay'} as {'it is' if kept == 1 else 'they are'}",
        ]
        return f"{', '.join(parts)}."


@pages.get("/managers/import")
@allow(*READERS)
def import_managers() -> Response:
    """The form for a file of managers."""
    check_may_edit()
    return respond("depositions/managers-import.html", columns=COLUMNS, plan=None, rows="")


@pages.post("/managers/import")
@allow(*READERS)
def run_import() -> Response:
    """Shows what the file would change; with the fingerprint of what was shown, changes it, all or nothing."""
    check_may_edit()
    DeskForm().check()
    text, seen = _text(), request.form.get("seen", "")
    plan = planned(db() if seen else reading(), text)
    if plan.of("fault") or not seen or not same(plan.fingerprint, seen):
        status = 409 if seen else 200
        return respond("depositions/managers-import.html", status=status, columns=COLUMNS, plan=plan, rows=text)
    done = actions.import_rows(db(), [row.facts for row in plan.rows if row.facts], by=me().actor(), now=clock.now())
    flash(f"{pluralize(done.added, 'manager')} added, {done.changed} changed.")
    return see_other(url_for(".managers"))


def planned(db: Db, text: str) -> Plan:
    """What a file changes. Raises Invalid for what is no list of managers."""
    rows = roster_csv.plan(roster_csv.lines(text), roster.by_address(db))
    facts = [[row.kind, row.email, row.changes, row.facts.as_data() if row.facts else row.faults] for row in rows]
    return Plan(rows, hashlib.sha256(json.dumps(facts, default=str).encode("utf-8", "replace")).hexdigest())


def _text() -> str:
    """The file, or what was pasted."""
    file = request.files.get("file")
    given = file.read(roster_csv.MOST_CHARACTERS * 4 + 1) if file and file.filename else b""
    if not given:
        return request.form.get("rows", "")
    try:
        return given.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(NOT_TEXT) from None
