"""Files that arrive in parts, and the key of a phone: what the page's script sends when a connection comes and goes.

A part is kept by its own SHA-256 below that of the whole file. So parts may come in any order, twice, or again after
hours: the script asks which are here, sends the others, and then names them all. Nothing but the store knows of parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Response, current_app, jsonify, request

from app.accounts.access import public
from app.files import keeping
from app.files.rules import UnfitFile
from app.inspections import actions, queries
from app.inspections.evidence import rules as evidence_rules
from app.inspections.evidence import signatures
from app.inspections.evidence.receiving import Received
from app.inspections.evidence.rules import Unfit
from app.inspections.models import Invite, Status
from app.inspections.public import Scene, _inside, _visitor, public_pages
from app.inspections.public import evidence as pages
from app.inspections.rules import FIELD
from app.kernel import clock, store
from app.kernel.api.rate_limits import Limiter, refuse
from app.kernel.api.request_body import takes
from app.kernel.db.transaction import reading, side_transaction

HASH = re.compile(r"[0-9a-f]{64}")
WAITS = ("away", "incomplete", "unanswered", "ended", "too_late", "too_many")
"""Reasons for which the phone keeps its file, and the store the parts."""
PARTS_AN_HOUR = 4000
"""Parts of one field user: four gigabytes."""


@public_pages.get("/evidence/parts/<sha256>")
@public
def parts(id: str, sha256: str) -> Response:
    """Which parts of a file are here, and whether the whole one is in the record."""
    pages.throttle()
    scene, found = _sender(id)
    if not isinstance(found, Invite):
        return pages.refused(scene, found)
    if not HASH.fullmatch(sha256):
        return _json({"have": [], "known": False})
    known = queries.evidence_by_hash(reading(), found.inspection_id, sha256) is not None
    try:
        have = [] if known else [name.rpartition("/")[2] for name in pages.store().names(_folder(found, sha256))]
    except store.Away:
        return pages.answer(id, scene, [pages.Result("", "away")])
    return _json({"have": sorted(have), "known": known})


@public_pages.post("/evidence/parts/<sha256>")
@public
@takes(evidence_rules.PART)
def add_part(id: str, sha256: str) -> Response:
    """Keeps one part of a file."""
    pages.throttle()
    scene, found = _sender(id)
    if not isinstance(found, Invite):
        return pages.refused(scene, found)
    limiter: Limiter = current_app.extensions["limiter"]
    refuse(limiter.hit(f"inspections.parts:{found.id}", PARTS_AN_HOUR, 3600))
    part = request.files.get("part")
    content = pages.read(part) if part else b""
    try:
        if not HASH.fullmatch(sha256) or not 0 < len(content) <= evidence_rules.PART:
            raise Unfit("damaged")
        answers = queries.consents(reading(), found.inspection_id).get(found.id, {})
        pages.may_capture(scene, found, answers, late=_is_over(scene))
        with _away():
            kept = pages.store().put(_folder(found, sha256), content)
    except UnfitFile as unfit:
        return pages.answer(id, scene, [pages.Result("", unfit.reason)])
    return _json({"kept": kept})


@public_pages.post("/evidence/whole/<sha256>")
@public
def join_parts(id: str, sha256: str) -> Response:
    """Makes a file of its parts, which are all here, and adds it to the record."""
    pages.throttle()
    scene, found = _sender(id)
    if not isinstance(found, Invite):
        return pages.refused(scene, found)
    name = keeping.file_name(request.form.get("name", ""))
    try:
        result = _joined(scene, found, sha256, name)
    except UnfitFile as unfit:
        result = pages.Result(name, unfit.reason)
    if result.reason not in WAITS:
        _forget(found, sha256)
        if result.reason not in ("known", "erased"):
            with side_transaction() as db:
                actions.count_arrived(db, found, now=clock.now())
    return pages.answer(id, scene, [result])


def _joined(scene: Scene, invite: Invite, sha256: str, name: str) -> pages.Result:
    answers = queries.consents(reading(), invite.inspection_id).get(invite.id, {})
    late = _is_over(scene) and _signed_by_phone(invite, sha256)
    pages.may_capture(scene, invite, answers, late=late)
    wanted = request.form.get("parts", "").split(",")
    if not HASH.fullmatch(sha256) or len(wanted) > evidence_rules.MOST_PARTS or not all(map(HASH.fullmatch, wanted)):
        raise Unfit("damaged")
    if queries.evidence_by_hash(reading(), invite.inspection_id, sha256) is not None:
        raise Unfit("known", 409)
    with _away():
        content = b"".join(pages.store().get(_folder(invite, sha256), part) for part in wanted)
    if store.digest(content) != sha256:
        raise Unfit("damaged")
    sent = pages.SentFile(content, "", pages.named(pages.facts(request.form, scene), name))
    if request.form.get("kind") == "note":
        sent = pages.SentFile(None, content.decode("utf-8", "replace"), pages.named(sent.facts, ""))
    received = sent.received(evidence_rules.place_allowed(answers))
    return pages.add(invite, pages.store(), _with_signature(invite, received), name, late=late)


def _with_signature(invite: Invite, received: Received) -> Received:
    """What was received, with the phone's signature over it where it has a good one."""
    cut = received.place_cut or request.form.get("cut") == "1"
    signed = _signature() if _signed_by_phone(invite, received.sha256) else None
    return received.marked(place_cut=cut, signed=signed)


def _signature() -> signatures.Signed:
    return signatures.Signed(request.form.get("statement", ""), request.form.get("signature", ""))


def _signed_by_phone(invite: Invite, sha256: str) -> bool:
    """Whether what was sent has a good signature over this file, by a key of this field user that the chain names."""
    signed = _signature()
    if not 0 < len(signed.statement) <= signatures.LONGEST:
        return False
    key = queries.device_keys(reading(), invite.inspection_id).get(signatures.key_of(signed))
    if key is None or key.invite_id != invite.id:
        return False
    der, session = signatures.read_key(key.public), str(invite.inspection_id)
    return der is not None and signatures.is_signed(signed, der, session=session, key=key.sha256, sha256=sha256)


@public_pages.post("/waiting")
@public
def say_waiting(id: str) -> Response:
    """Notes how many pieces wait on this phone, so that staff know that something is still to come."""
    pages.throttle()
    scene, found = _sender(id)
    if not isinstance(found, Invite):
        return pages.refused(scene, found)
    typed = request.form.get("waiting", "")
    if found.role == FIELD and typed.isascii() and typed.isdecimal() and len(typed) <= 4:
        with side_transaction() as db:
            actions.hear_phone(db, found, now=clock.now(), waiting=int(typed))
    return _json({})


@public_pages.post("/device")
@public
def enroll_device(id: str) -> Response:
    """Names the key of this phone in the record."""
    pages.throttle()
    scene, found = _inside(id)
    if not isinstance(found, Invite):
        return pages.refused(scene, found)
    text = request.form.get("public", "")
    der = signatures.read_key(text)
    try:
        if der is None:
            raise Unfit("damaged")
        key = store.digest(der)
        with side_transaction() as db:
            actions.enroll_device(db, found, text, key, by=_visitor().actor(found), now=clock.now())
    except UnfitFile as unfit:
        return pages.answer(id, scene, [pages.Result("", unfit.reason)])
    return _json({"key": key})


def _sender(id: str) -> tuple[Scene, Invite | actions.Outcome]:
    """The scene, and the invite whose phone sends. After the end that is one whose key the chain named before, while
    what waited on it is still taken: its field session has ended, and opens nothing else."""
    scene, found = _inside(id)
    if isinstance(found, Invite) or found.invite is None or scene.inspection is None:
        return scene, found
    keys = queries.device_keys(reading(), scene.inspection.id).values()
    named = any(key.invite_id == found.invite.id for key in keys)
    return scene, found.invite if named and evidence_rules.arrives(scene.inspection.ended_at, clock.now()) else found


def _is_over(scene: Scene) -> bool:
    return scene.inspection is not None and scene.inspection.status == Status.CLOSED


def _folder(invite: Invite, sha256: str) -> str:
    """Where the parts of a file lie; nobody else's are there."""
    return f"parts/{invite.inspection_id}/{invite.id}/{sha256}"


def _forget(invite: Invite, sha256: str) -> None:
    """Deletes the parts of a file that is whole or will never be. What is left, the worker deletes after a few days."""
    if not HASH.fullmatch(sha256):
        return
    with suppress(store.Away):
        for name in pages.store().names(_folder(invite, sha256)):
            pages.store().delete(*name.rsplit("/", 1))


@contextmanager
def _away() -> Iterator[None]:
    """Turns what the store cannot do into the reason that the phone is shown."""
    try:
        yield
    except store.Away:
        raise Unfit("away", 503) from None
    except (store.Missing, store.Damaged):
        raise Unfit("incomplete", 409) from None


def _json(facts: dict[str, object]) -> Response:
    response = jsonify(facts)
    response.headers["Cache-Control"] = "no-store"
    return response
