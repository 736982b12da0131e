"""What a field user adds to the record: photos, documents and notes, by a plain form or by the page's script.

Each file is kept and committed by itself: one that is refused costs no other. Forms lead back to the page, which says
what became of each; a script asks for JSON and gets the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from flask import Response, current_app, jsonify, request
from werkzeug.datastructures import FileStorage

from app.accounts.access import public
from app.files import pictures
from app.files.rules import LARGEST, UnfitFile
from app.inspections import actions, queries, rules
from app.inspections.evidence import by_hand, receiving
from app.inspections.evidence import rules as evidence_rules
from app.inspections.evidence.arrivals import ARRIVALS
from app.inspections.evidence.receiving import Received, Sent
from app.inspections.evidence.rules import Unfit
from app.inspections.locales import TRANSLATIONS
from app.inspections.models import Invite
from app.inspections.public import (
    PREVIEWS,
    Scene,
    _inside,
    _over,
    _page,
    _url,
    _visitor,
    public_pages,
    refusal,
)
from app.kernel import clock
from app.kernel.api.rate_limits import Limiter, by_network, refuse
from app.kernel.api.request_body import takes
from app.kernel.db.transaction import database, reading, side_transaction
from app.kernel.store import Store, store_at
from app.kernel.web.htmx import see_other


class Result(NamedTuple):
    """What became of one file. `reason` is empty when it was added."""

    name: str
    reason: str
    sha256: str = ""


@public_pages.post("/evidence")
@public
@takes(LARGEST)
def add_evidence(id: str) -> Response:
    """Adds photos, documents and a note to the record."""
    throttle()
    scene, found = _inside(id)
    if not isinstance(found, Invite):
        return refused(scene, found)
    kept = store()
    answers = queries.consents(reading(), found.inspection_id).get(found.id, {})
    try:
        claimed = facts(request.form, scene)
    except Unfit as unfit:
        return answer(id, scene, [Result("", unfit.reason)])
    results = [_add(scene, found, kept, each, answers) for each in _sent(claimed)]
    return answer(id, scene, results or [Result("", "nothing")])


def _add(scene: Scene, invite: Invite, kept: Store, sent: SentFile, answers: dict[str, str]) -> Result:
    """Adds one file."""
    try:
        may_capture(scene, invite, answers)
        allowed = evidence_rules.place_allowed(answers)
        received = sent.received(allowed)
        return add(invite, kept, received, sent.facts.name)
    except UnfitFile as unfit:
        return Result(sent.facts.name, unfit.reason)


def may_capture(scene: Scene, invite: Invite, answers: dict[str, str], *, late: bool = False) -> None:
    """Raises Unfit before anything is stored; the write decides again, with the inspection locked."""
    assert scene.inspection is not None
    evidence_rules.check_capture(scene.inspection, clock.now(), role=invite.role, answers=answers, late=late)


def add(invite: Invite, kept: Store, received: Received, name: str, *, late: bool = False) -> Result:
    """Keeps a file and names it in the record; `late` is whether it waited on the phone when the inspection ended.
    Raises Unfit; what was kept for nothing is deleted then."""
    known = queries.evidence_by_hash(reading(), invite.inspection_id, received.sha256)
    if known is not None:
        raise Unfit("erased" if known.erased_at else "known", 409)
    arrival = ARRIVALS.keep(kept, invite.inspection_id, received.content)
    try:
        with side_transaction() as db:
            actions.capture(db, invite, received, by=_visitor().actor(invite), now=clock.now(), late=late)
    except Unfit:
        ARRIVALS.give_up(database(), kept, arrival)
        raise
    ARRIVALS.settle(kept, arrival)
    return Result(name, "", received.sha256)


class SentFile(NamedTuple):
    """One file of a form, or its note."""

    content: bytes | None
    note: str
    facts: Sent

    def received(self, place_allowed: bool) -> Received:
        """What is kept of it. Raises Unfit."""
        if self.content is None:
            return receiving.note(self.note, self.facts)
        return receiving.file(self.content, self.facts, place_allowed=place_allowed)


def _sent(claimed: Sent) -> Iterator[SentFile]:
    """The files and the note of the form. A field that was left empty is sent as a file without a name."""
    for field in ("photo", "files"):
        for each in request.files.getlist(field):
            if each.filename:
                yield SentFile(read(each), "", named(claimed, each.filename))
    if text := request.form.get("note", "").strip():
        yield SentFile(None, text, claimed)


def read(file: FileStorage) -> bytes:
    """All of a file; large ones lie on the disk until it is closed."""
    with closing(file):
        return file.stream.read()


def facts(form: Mapping[str, str], scene: Scene) -> Sent:
    """What the page's script says of the files: when and where. Whatever cannot be read is left out; not what a person
    entered by hand. Raises Unfit."""
    entered = by_hand.read(form, scene.zone, clock.now())
    return Sent("", moment(form.get("captured_at", "")), place(form), entered)


def named(facts: Sent, name: str) -> Sent:
    return replace(facts, name=name)


def moment(text: str) -> datetime | None:
    """Milliseconds since 1970, as scripts count."""
    if not text.isascii() or not text.isdigit() or len(text) > 13:
        return None
    return datetime.fromtimestamp(int(text) / 1000, UTC)


def place(form: Mapping[str, str]) -> pictures.Place | None:
    """Degrees and metres, when they are numbers that can be."""
    try:
        latitude, longitude = float(form.get("latitude", "")), float(form.get("longitude", ""))
        accuracy = float(form.get("accuracy") or "nan")
    except (TypeError, ValueError):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return pictures.Place(latitude, longitude, accuracy if 0 <= accuracy <= 1e7 else None)


def answer(id: str, scene: Scene, results: list[Result]) -> Response:
    """What became of each file: JSON for a script, else back to the page, whose address says it."""
    added = sum(not result.reason for result in results)
    if wants_json():
        t = TRANSLATIONS.translator(scene.locale)
        listed = [
            {
                "name": result.name,
                "reason": result.reason,
                "text": t(f"evidence_reason_{result.reason}") if result.reason else "",
                "sha256": result.sha256,
            }
            for result in results
        ]
        away = any(result.reason == "away" for result in results)
        response = jsonify(added=added, results=listed)
        response.status_code = 503 if away else 200
        response.headers["Cache-Control"] = "no-store"
        return response
    reasons = sorted({result.reason for result in results if result.reason})
    return see_other(_url(".room", id, added=str(added or ""), refused=",".join(reasons)) + "#capture")


def wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def refused(scene: Scene, outcome: actions.Outcome) -> Response:
    """The page where joining ends, or its word for a script."""
    if not wants_json():
        return _over(scene, outcome)
    t = TRANSLATIONS.translator(scene.locale)
    reason = refusal(scene, outcome)
    text = t(f"evidence_reason_{reason}") if reason else t(f"gone_text_{outcome.reason}")
    response = jsonify(over=outcome.reason, text=text)
    response.status_code = outcome.status
    response.headers["Cache-Control"] = "no-store"
    return response


@public_pages.get("/offline")
@public
def offline(id: str) -> Response:
    """What the phone keeps of these pages, to show it without a connection."""
    scene, found = _inside(id)
    if not isinstance(found, Invite) or scene.inspection is None:
        return _over(scene, found if isinstance(found, actions.Outcome) else actions.Outcome(404, "not_found", {}))
    known = queries.consents(reading(), found.inspection_id).get(found.id, {})
    response = _page(
        "inspections/offline.html",
        scene,
        4,
        known=known,
        subjects=scene.inspection.subjects,
        unanswered=rules.unanswered(scene.inspection.subjects, known),
        most=LARGEST,
        mine=(),
        added=0,
        refused=(),
        offline=True,
        zone=scene.zone,
    )
    response.headers.update(PREVIEWS)
    return response


WORKER = (Path(__file__).parents[2] / "static" / "js" / "capture-worker.js").read_text("utf-8")


@public_pages.get("/worker")
@public
def worker(id: str) -> Response:
    """The service worker of these pages: a browser lets it answer only for what lies beside it."""
    response = Response(WORKER, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response


def shown(refused: str) -> list[str]:
    """The reasons that an address names, as far as there are such."""
    return [reason for reason in dict.fromkeys(refused.split(",")) if reason in evidence_rules.SENTENCES][:5]


def added_count(text: str) -> int:
    """How many pieces of evidence the address says were added."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0


def store() -> Store:
    """Where files are kept."""
    return store_at(database().config.evidence_url)


def throttle() -> None:
    limiter: Limiter = current_app.extensions["limiter"]
    limit = evidence_rules.UPLOADS_A_MINUTE
    refuse(limiter.hit(by_network("inspections.evidence", request.remote_addr), limit))
