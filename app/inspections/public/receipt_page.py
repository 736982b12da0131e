"""The receipt of a field user, behind a signed link: what they sent, and nothing of anybody else.

It needs no cookie and no field session, because both end with the inspection.
"""

from __future__ import annotations

from flask import Response

from app.accounts.access import public
from app.files import keeping, pictures, responses
from app.inspections import actions, numbers, queries, receipts, rules
from app.inspections.forms import WithdrawForm
from app.inspections.locales import TRANSLATIONS, date_time
from app.inspections.models import Invite
from app.inspections.public import Scene, _over, _page, _scene, _url, _visitor, as_uuid_or_none, public_pages
from app.inspections.public.evidence import store, throttle
from app.inspections.queries import Item
from app.kernel import clock
from app.kernel.api.routing import as_uuid
from app.kernel.db.transaction import database, db, reading
from app.kernel.errors import NotFound
from app.kernel.web.htmx import see_other

NOT_THERE = "This file is not there."


@public_pages.get("/receipt/<token>")
@public
def receipt_page(id: str, token: str) -> Response:
    """What this field user sent, who saw it, and how long it is kept."""
    throttle()
    scene, found = _recipient(id, token)
    if not isinstance(found, Invite) or scene.inspection is None or scene.host is None:
        unknown = found if isinstance(found, actions.Outcome) else actions.Outcome(404, "not_found", {})
        return _over(scene, unknown)
    inspection, read, t = scene.inspection, reading(), TRANSLATIONS.translator(scene.locale)
    items = queries.evidence_of(read, found)
    return _page(
        "inspections/receipt.html",
        scene,
        0,
        token=token,
        number=numbers.number_of(inspection.id),
        ended=date_time(inspection.ended_at, scene.zone, t) if inspection.ended_at else "",
        pieces=receipts.pieces(items, scene.zone, t),
        known=queries.answers_of(read, found),
        subjects=inspection.subjects,
        seen=receipts.seen_by(read, inspection, items, scene.zone, t),
        kept=receipts.kept_text(scene.host.name, queries.kept_until(read, inspection, items), scene.zone, t),
        address=receipts.address(database().config, inspection),
    )


@public_pages.post("/receipt/<token>/withdraw")
@public
def withdraw(id: str, token: str) -> Response:
    """Takes back what they allowed. The page that follows says so; twice changes nothing."""
    form = WithdrawForm()
    form.check()
    throttle()
    scene, found = _recipient(id, token)
    if not isinstance(found, Invite):
        return _over(scene, found)
    subject, t = str(form.subject.data), TRANSLATIONS.translator(scene.locale)
    if subject in rules.SUBJECTS and scene.host is not None:
        words = actions.Wording(receipts.withdrawal(subject, scene.host.name, t), t.lang)
        actions.withdraw(db(), found, subject, words, visitor=_visitor(), now=clock.now())
    return see_other(_url(".receipt_page", id, token=token) + "#allowed")


@public_pages.get("/receipt/<token>/<evidence_id>")
@public
def receipt_file(id: str, token: str, evidence_id: str) -> Response:
    """One of their own files, untouched, as a download."""
    item = _item(id, token, evidence_id)
    content = responses.read(store(), keeping.originals(item.inspection_id), item.sha256, NOT_THERE)
    return responses.attachment(content, item.mime, f"{item.sha256}.{pictures.EXTENSIONS[item.mime]}")


@public_pages.get("/receipt/<token>/<evidence_id>/thumbnail")
@public
def receipt_thumbnail(id: str, token: str, evidence_id: str) -> Response:
    """The small copy of one of their own pictures."""
    item = _item(id, token, evidence_id)
    if item.thumbnail_sha256 is None:
        raise NotFound("There is no picture of this.")
    content = responses.read(store(), keeping.copies(item.inspection_id), item.thumbnail_sha256, NOT_THERE)
    return responses.shown(content, pictures.JPEG)


def _recipient(id: str, token: str) -> tuple[Scene, Invite | actions.Outcome]:
    """Whose receipt a link is; else what to say instead."""
    inspection_id = as_uuid_or_none(id)
    scene = _scene(reading(), inspection_id)
    invite = receipts.invite_of(reading(), inspection_id, token) if inspection_id else None
    if invite is None or invite.role != rules.FIELD:
        return scene, actions.Outcome(404, "not_found", {})
    return scene, invite if invite.revoked_at is None else actions.Outcome(410, "join_revoked", {})


def _item(id: str, token: str, evidence_id: str) -> Item:
    """A piece of evidence that this field user sent and that is still there. Raises NotFound."""
    throttle()
    _, found = _recipient(id, token)
    if not isinstance(found, Invite):
        raise NotFound("This link is not complete. Copy all of it from the message it came in.")
    item = queries.evidence_item(reading(), found.inspection_id, as_uuid(evidence_id))
    if item.invite_id != found.id or item.erased_at is not None:
        raise NotFound("There is no such piece of evidence.")
    return item
