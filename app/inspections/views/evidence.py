"""Evidence of an inspection: adding a document, and the files themselves, by our own authorization only."""

from __future__ import annotations

import io
from dataclasses import replace

from flask import Response, request

from app.accounts.access import allow, me
from app.accounts.roles import PEOPLE
from app.dashboard.documents import actions as documents
from app.files import keeping, pictures, responses
from app.files.rules import LARGEST
from app.inspections import actions, bundles, queries
from app.inspections.evidence import by_hand, receiving
from app.inspections.evidence import rules as evidence_rules
from app.inspections.evidence.arrivals import ARRIVALS
from app.inspections.evidence.models import Kind
from app.inspections.evidence.receiving import Sent
from app.inspections.evidence.rules import Unfit
from app.inspections.forms import ButtonForm, EraseForm, RemarkForm
from app.inspections.queries import Item
from app.inspections.views.actions import back_to
from app.inspections.views.confirmations import to_confirm
from app.inspections.views.filters import READERS, actable, pages, visible
from app.kernel import clock, store
from app.kernel.api.request_body import takes
from app.kernel.api.routing import as_uuid
from app.kernel.changes import confirmation
from app.kernel.db.transaction import database, db, reading, side_transaction
from app.kernel.errors import Conflict, NotFound, Unavailable
from app.kernel.web import confirmation_pages
from app.kernel.web.htmx import personal

ERASING = (
    "The original and its copies are erased and cannot be brought back; backups of the store keep them as long as you "
    "keep those. Its hash, its event and this reason stay. Nobody is notified."
)
HOLDING = (
    "While the hold is there, nobody can erase evidence of this inspection, or what is personal about who took part; "
    "nor is it erased when the days are over for which the organization keeps evidence."
)
RELEASING = (
    "From then on administrators can erase evidence, and what is personal, again. Evidence that the organization keeps "
    "no longer is erased within the hour."
)
HOLD_ITEM, RELEASE_ITEM = "Place the hold", "Release the hold"
HOLDING_ITEM = (
    "While the hold is there, nobody can erase this piece of evidence, or what is personal about who sent it; nor is "
    "it erased when the days are over for which the organization keeps evidence. The other pieces are."
)
RELEASING_ITEM = (
    "From then on administrators can erase this piece again. If the organization keeps it no longer, it is erased "
    "within the hour."
)
LARGE = (
    "There is much evidence in this record: have the bundle made by the button on its page. It can be left meanwhile."
)


@pages.post("/<id>/add_document")
@allow(*READERS)
@takes(LARGEST)
def add_document(id: str) -> Response:
    """Adds a document or a picture of the operator to the record."""
    ButtonForm().check()
    inspection = actable(id)
    evidence_rules.check_add_document(inspection, clock.now())
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Unfit("nothing")
    allowed = evidence_rules.place_allowed(inspection.consent_state)
    entered = by_hand.read(request.form, me().time_zone, clock.now(), "operator")
    received = receiving.file(file.stream.read(), Sent(file.filename, by_hand=entered), place_allowed=allowed)
    # Its mark goes within the hour: the row is committed after the view.
    ARRIVALS.keep(_store(), inspection.id, received.content)
    # What an operator adds is a document to the record, also where it is a picture.
    document = replace(received, kind=Kind.DOCUMENT)
    actions.add_document(db(), inspection.id, document, by=me().actor(), now=clock.now())
    return back_to(inspection)


@pages.get("/<id>/chain.zip")
@allow(*READERS)
def chain_bundle(id: str) -> Response:
    """The record as files that verify offline with sha256sum, openssl and the script among them; with the evidence."""
    inspection = visible(id)
    source = bundles.source(reading(), inspection.id)
    if source.size > bundles.AT_ONCE:
        raise Conflict(LARGE, "bundle.large")
    out = io.BytesIO()
    if request.method == "GET":
        try:
            bundles.pack(source, database().config.tsa_roots, _store(), out)
        except store.Away:
            raise Unavailable(responses.AWAY, headers={"Retry-After": "30"}) from None
        digest = store.digest(out.getvalue())
        with side_transaction() as own:
            actions.note_made(own, inspection.id, "bundle", digest, clock.now())
            data = {"sha256": digest}
            actions.note_download(own, inspection.id, "bundle", by=me().actor(), now=clock.now(), data=data)
    response = Response(out.getvalue(), content_type=bundles.TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{bundles.file_name(inspection.id)}"'
    return personal(response)


@pages.post("/<id>/make_bundle")
@allow(*READERS)
def make_bundle(id: str) -> Response:
    """Has the worker make the bundle, however large; the page says how far it is."""
    ButtonForm().check()
    inspection, by, now = actable(id), me().actor(), clock.now()
    documents.request(db(), bundles.KIND, inspection.id, inspection.organization_id, {}, by=by, now=now)
    return back_to(inspection)


@pages.get("/<id>/evidence/<evidence_id>/original")
@allow(*READERS)
def original(id: str, evidence_id: str) -> Response:
    """The untouched file, as a download. That it was downloaded is an event."""
    item = _item(id, evidence_id)
    content = responses.read(_store(), keeping.originals(item.inspection_id), item.sha256)
    _note(item, "original")
    return responses.attachment(content, item.mime, f"{item.sha256}.{pictures.EXTENSIONS[item.mime]}")


@pages.get("/<id>/evidence/<evidence_id>/copy")
@allow(*READERS)
def copy(id: str, evidence_id: str) -> Response:
    """The cleaned copy of a picture, as a download. That it was downloaded is an event."""
    item = _item(id, evidence_id)
    if item.copy_sha256 is None:
        raise NotFound("There is no copy of this.")
    content = responses.read(_store(), keeping.copies(item.inspection_id), item.copy_sha256)
    _note(item, "copy")
    return responses.attachment(content, pictures.JPEG, f"copy-of-{item.sha256}.jpg")


@pages.get("/<id>/evidence/<evidence_id>/thumbnail")
@allow(*READERS)
def thumbnail(id: str, evidence_id: str) -> Response:
    """The small copy that the page shows. We wrote it anew, so that it is nothing but a picture."""
    item = _item(id, evidence_id)
    if item.thumbnail_sha256 is None:
        raise NotFound("There is no picture of this.")
    return responses.shown(
        responses.read(_store(), keeping.copies(item.inspection_id), item.thumbnail_sha256), pictures.JPEG
    )


@pages.post("/<id>/evidence/<evidence_id>/remark")
@allow(*READERS)
def remark_evidence(id: str, evidence_id: str) -> Response:
    """Adds a remark on a piece of evidence to the record; it corrects those before, which stay."""
    form, inspection = RemarkForm(), actable(id)
    form.check()
    text, item = str(form.text.data), as_uuid(evidence_id)
    actions.remark_evidence(db(), inspection.id, item, text=text, by=me().actor(), now=clock.now())
    return back_to(inspection)


@pages.post("/<id>/evidence/<evidence_id>/erase")
@allow(*READERS)
def erase_evidence(id: str, evidence_id: str) -> Response:
    """Erases a piece of evidence, once the administrator has read what stays."""
    form, inspection = EraseForm(), visible(id)
    me().check(PEOPLE, inspection.organization_id)
    form.check()
    item, reason, by, now = as_uuid(evidence_id), str(form.reason.data), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, _: actions.erase_evidence(db, inspection.id, item, reason=reason, by=by, now=now),
        "erase",
        evidence_id,
        {"reason": reason},
    )
    if preview:
        return confirmation_pages.show(
            preview,
            to_confirm(inspection, "Review and erase", "Erase for good", icon="trash-2", tone="danger", note=ERASING),
        )
    return back_to(inspection)


@pages.post("/<id>/hold")
@allow(*READERS)
def hold_evidence(id: str) -> Response:
    """Places a legal hold on the evidence of an inspection, or releases it, once it was read what comes of it."""
    form, inspection = EraseForm(), visible(id)
    me().check(PEOPLE, inspection.organization_id)
    form.check()
    on = queries.hold(reading(), inspection.id) is not None
    act, word = (actions.release_hold, "Release the hold") if on else (actions.place_hold, "Place the hold")
    reason, by, now = str(form.reason.data), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, _: act(db, inspection.id, reason=reason, by=by, now=now), word, inspection.id, {"reason": reason}
    )
    if preview:
        note = RELEASING if on else HOLDING
        return confirmation_pages.show(
            preview, to_confirm(inspection, "Review the legal hold", word, icon="lock", tone="danger", note=note)
        )
    return back_to(inspection)


@pages.post("/<id>/evidence/<evidence_id>/hold")
@allow(*READERS)
def hold_item(id: str, evidence_id: str) -> Response:
    """Places a legal hold on one piece of evidence, or releases it, once it was read what comes of it."""
    form, inspection = EraseForm(), visible(id)
    me().check(PEOPLE, inspection.organization_id)
    form.check()
    item = queries.evidence_item(reading(), inspection.id, as_uuid(evidence_id))
    act, word = (actions.release_item, RELEASE_ITEM) if item.hold is not None else (actions.hold_item, HOLD_ITEM)
    reason, by, now = str(form.reason.data), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, _: act(db, inspection.id, item.id, reason=reason, by=by, now=now), word, item.id, {"reason": reason}
    )
    if preview:
        note = RELEASING_ITEM if item.hold is not None else HOLDING_ITEM
        return confirmation_pages.show(
            preview, to_confirm(inspection, "Review the legal hold", word, icon="lock", tone="danger", note=note)
        )
    return back_to(inspection)


def _item(id: str, evidence_id: str) -> Item:
    """The piece of evidence, for a user who may see it. Raises NotFound."""
    item = queries.evidence_item(reading(), visible(id).id, as_uuid(evidence_id))
    if item.erased_at is not None:
        raise NotFound("This was erased. Its hash and the event of its erasure stay in the record.")
    return item


def _note(item: Item, part: str) -> None:
    """Written down before the first byte leaves."""
    if request.method == "GET":
        with side_transaction() as own:
            data = {"evidence": str(item.id), "sha256": item.sha256}
            actions.note_download(own, item.inspection_id, part, by=me().actor(), now=clock.now(), data=data)


def _store() -> store.Store:
    return store.store_at(database().config.evidence_url)
