"""What an operator does: each verb one POST, back to the page with 303."""

from __future__ import annotations

from flask import Response

from app.accounts.access import allow, me
from app.inspections import actions, payloads, queries
from app.inspections.forms import InviteForm, NotesForm, PressForm, RemarkForm
from app.inspections.views.shared import READERS, back, held, once, pages
from app.kernel import clock
from app.kernel.api import as_uuid
from app.kernel.transaction import db
from app.kernel.validation import read


@pages.post("/<id>/invite")
@allow(*READERS)
def invite(id: str) -> Response:
    """Mints an invite; its link and code are shown once on the page that follows."""
    form, inspection = InviteForm(), held(id)
    form.check()
    typed = {key: value for key, value in form.data.items() if key != "csrf_token" and value is not None}
    body = read(payloads.NewParticipant, {**typed, "ttl_minutes": int(typed["ttl_minutes"])})
    minted = actions.invite(db(), inspection.id, by=me().actor(), now=clock.now(), **body.model_dump())
    return once(inspection, minted)


@pages.post("/<id>/invites/<invite_id>/new_code")
@allow(*READERS)
def new_code(id: str, invite_id: str) -> Response:
    """Sends a fresh code for the same link."""
    PressForm().check()
    inspection = held(id)
    found = queries.invite(db(), as_uuid(invite_id), inspection.id)
    return once(inspection, actions.new_code(db(), found, by=me().actor(), now=clock.now()))


@pages.post("/<id>/invites/<invite_id>/reissue")
@allow(*READERS)
def reissue(id: str, invite_id: str) -> Response:
    """Sends a new link and code; the old ones are dead."""
    PressForm().check()
    inspection = held(id)
    found = queries.invite(db(), as_uuid(invite_id), inspection.id)
    return once(inspection, actions.reissue(db(), found, by=me().actor(), now=clock.now()))


@pages.post("/<id>/invites/<invite_id>/revoke")
@allow(*READERS)
def revoke(id: str, invite_id: str) -> Response:
    """Takes an invite back."""
    PressForm().check()
    inspection = held(id)
    found = queries.invite(db(), as_uuid(invite_id), inspection.id)
    actions.revoke(db(), found, by=me().actor(), now=clock.now())
    return back(inspection)


@pages.post("/<id>/attend")
@allow(*READERS)
def attend(id: str) -> Response:
    """Says that an operator is with the field user."""
    PressForm().check()
    return back(actions.attend(db(), held(id).id, by=me().actor(), now=clock.now()))


@pages.post("/<id>/start_recording")
@allow(*READERS)
def start_recording(id: str) -> Response:
    """Marks the start of a recording."""
    PressForm().check()
    return back(actions.start_recording(db(), held(id).id, by=me().actor(), now=clock.now()))


@pages.post("/<id>/stop_recording")
@allow(*READERS)
def stop_recording(id: str) -> Response:
    """Marks the end of a recording."""
    PressForm().check()
    return back(actions.stop_recording(db(), held(id).id, by=me().actor(), now=clock.now()))


@pages.post("/<id>/change_notes")
@allow(*READERS)
def change_notes(id: str) -> Response:
    """Changes what the invitee is told."""
    form, inspection = NotesForm(), held(id)
    form.check()
    notes, seen = form.notes.data or "", str(form.seen.data)
    return back(actions.change_notes(db(), inspection.id, notes=notes, seen=seen, by=me().actor(), now=clock.now()))


@pages.post("/<id>/add_remark")
@allow(*READERS)
def add_remark(id: str) -> Response:
    """Seals a remark into the record."""
    form, inspection = RemarkForm(), held(id)
    form.check()
    text = str(form.text.data)
    return back(actions.add_remark(db(), inspection.id, text=text, by=me().actor(), now=clock.now()))


@pages.post("/<id>/end")
@allow(*READERS)
def end(id: str) -> Response:
    """Ends the inspection."""
    PressForm().check()
    return back(actions.end(db(), held(id).id, by=me().actor(), now=clock.now()))


@pages.post("/<id>/anchors/<anchor_id>/retry_anchor")
@allow(*READERS)
def retry_anchor(id: str, anchor_id: str) -> Response:
    """Asks an authority that failed once more."""
    PressForm().check()
    inspection = held(id)
    actions.retry_anchor(db(), as_uuid(anchor_id), inspection.id, by=me().actor(), now=clock.now())
    return back(inspection)
