"""The page on which anybody checks a report, a bundle or a photo that they were given.

A browser with scripts computes the file's SHA-256 and sends that alone; without scripts people type the number of the
report, or the hash. What the page says is the verdict of `desk verify`, without names, pictures or notes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, render_template, request
from sqlalchemy import select

from app.accounts import hosts
from app.accounts.access import public
from app.accounts.models import Organization
from app.inspections import numbers, queries, records
from app.inspections.locales import TRANSLATIONS, date_time
from app.inspections.queries import lookups
from app.inspections.queries.lookups import Part
from app.inspections.verification import Finding, Result
from app.kernel.api.rate_limits import Limiter, by_network, refuse
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.hosts import Host
from app.kernel.text.i18n import Translator
from app.kernel.web.visitors import VisitorPages, browser_language, page_context

verify_pages = Blueprint("inspections_verify", __name__, url_prefix="/verify")
LOOKS_A_MINUTE = 30
"""Numbers and hashes that one network may ask about."""
HASH = re.compile(r"[0-9a-f]{64}")
TONES = {Result.PROVEN: "good", Result.NOT_PROVEN: "warn", Result.BROKEN: "danger"}
ICONS = {Result.PROVEN: "shield-check", Result.NOT_PROVEN: "info", Result.BROKEN: "circle-alert"}


def _host(_db: Db, _segments: Sequence[str]) -> Host | None:
    return None


VISITOR_PAGES = VisitorPages("verify", _host)


@dataclass(frozen=True, slots=True)
class Line:
    """One finding, in the reader's language."""

    icon: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the page says of one record."""

    result: Result
    part: Part
    credentials: bool
    icon: str
    tone: str
    organization: str
    number: str
    ended: str
    events: int
    head: str
    lines: list[Line]


@verify_pages.get("/")
@public
def check() -> Response:
    """Asks for a file, a number or a hash, and says what the record proves that it belongs to."""
    return _page(request.args.get("q", ""))


@verify_pages.get("/<number>")
@public
def by_number(number: str) -> Response:
    """The same for the number of a report: the address in its QR code."""
    return _page(number)


def _page(asked: str) -> Response:
    t = TRANSLATIONS.translator(_language())
    asked = asked.strip()[:200]
    number, sha256 = numbers.read(asked), asked.lower()
    known: list[Checked] = []
    if asked:
        limiter: Limiter = current_app.extensions["limiter"]
        refuse(limiter.hit(by_network("inspections.verify", request.remote_addr), LOOKS_A_MINUTE))
        db = reading()
        if number:
            known = [_checked(db, each, t) for each in lookups.by_number(db, number)]
        elif HASH.fullmatch(sha256):
            known = [_checked(db, each, t) for each in lookups.by_hash(db, sha256)]
    kept = {"q": asked} if asked and "q" in request.args else {}
    page = render_template(
        "inspections/verify.html",
        **page_context(None, t),
        asked=asked,
        readable=bool(number or HASH.fullmatch(sha256)),
        number=number or "",
        known=known,
        languages=[
            (code, name, f"{request.script_root}{request.path}?{urlencode({**kept, 'lang': code})}")
            for code, name in TRANSLATIONS.languages.items()
            if code != t.lang
        ],
    )
    response = Response(page, 404 if asked and not known else 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def _language() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in TRANSLATIONS.languages else browser_language(TRANSLATIONS)


def _checked(db: Db, found: lookups.Found, t: Translator) -> Checked:
    record, inspection = records.read(db, found.inspection_id), queries.get(db, found.inspection_id)
    verdict = record.verdict(db.config.tsa_roots)
    o = Organization.__table__.c
    zone = db.execute(select(o.time_zone).where(o.id == inspection.organization_id)).scalar_one()
    return Checked(
        verdict.result,
        found.part,
        found.credentials,
        ICONS[verdict.result],
        TONES[verdict.result],
        hosts.by_id(db, inspection.organization_id).name,
        numbers.number_of(inspection.id),
        date_time(inspection.ended_at, zone, t) if inspection.ended_at else "",
        record.length,
        record.head,
        [
            *(line for each in verdict.findings for line in (_line(each, zone, t), *_notes(each, t))),
            *([] if record.stamped else [Line("info", "", t("report_no_stamps"))]),
        ],
    )


def _notes(finding: Finding, t: Translator) -> list[Line]:
    """What else a finding counts, where it is more than none."""
    late, missing, moved = (finding.facts.get(each) for each in ("late", "missing", "moved"))
    notes = [
        t("finding_arrived_late", count=late) if late else "",
        t("finding_signatures_missing", count=missing) if missing else "",
        t("finding_signatures_moved", count=moved) if moved else "",
    ]
    return [Line("info", "", each) for each in notes if each]


def _line(finding: Finding, zone: str, t: Translator) -> Line:
    facts = finding.facts
    at, count = facts.get("at"), facts.get("n")
    seen = date_time(at, zone, t) if isinstance(at, datetime) else ""
    text = t(f"finding_{finding.word}", authority=facts.get("authority", ""), at=seen, count=count)
    if finding.result == Result.BROKEN:
        return Line("circle-alert", "danger", text)
    good = finding.result == Result.PROVEN or count is not None
    return Line("check" if good else "info", "good" if good else "", text)
