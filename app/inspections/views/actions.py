"""What an operator does: each verb one POST, back to the page with 303."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, request, url_for
from sqlalchemy import select

from app.accounts.access import allow, me
from app.dashboard import confirmation_pages
from app.dashboard.redirects import next_in_list
from app.inspections import actions, payloads, queries
from app.inspections.events import EVENTS, NOTES_CHANGED, SUBJECT
from app.inspections.forms import InviteForm, NotesForm, PressForm, RemarkForm
from app.inspections.models import Inspection, Invite
from app.inspections.views.detail import page
from app.inspections.views.filters import here
from app.inspections.views.list import QUEUE
from app.inspections.views.shared import READERS, back, held, once, pages
from app.kernel import clock
from app.kernel.api.routing import as_uuid
from app.kernel.api.validation import read
from app.kernel.changes import confirmation, events
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.errors import Change, Conflict

ENDING = (
    "Links and codes stop working, whoever is in is put out, and the chain is sealed. It cannot be opened again. "
    "You need not wait for time stamps."
)


@pages.post("/<id>/invite")
@allow(*READERS)
def invite(id: str) -> Response:
    """Mints an invite, once it was shown what is sent; its link and code are shown once on the page that follows."""
    form, inspection = InviteForm(), held(id)
    if confirmation_pages.editing():
        return page(inspection, invite=form)
    form.check()
    typed = {key: value for key, value in form.data.items() if key != "csrf_token" and value is not None}
    body = read(payloads.NewParticipant, {**typed, "ttl_minutes": int(typed["ttl_minutes"])}).model_dump()
    by, now = me().actor(), clock.now()
    minted, shown = confirmation.confirm(
        lambda db, _: actions.invite(db, inspection.id, by=by, now=now, **body),
        "invite",
        inspection.id,
        body,
        always=False,
    )
    return _show(inspection, shown, "Make the link and send it") if minted is None else once(inspection, minted)


@pages.post("/<id>/invites/<invite_id>/new_code")
@allow(*READERS)
def new_code(id: str, invite_id: str) -> Response:
    """Sends a fresh code for the same link, once it was shown what is sent."""
    return _issue(id, invite_id, actions.new_code, "Send the new code")


@pages.post("/<id>/invites/<invite_id>/reissue")
@allow(*READERS)
def reissue(id: str, invite_id: str) -> Response:
    """Sends a new link and code, once it was shown what is sent; the old ones are dead."""
    return _issue(id, invite_id, actions.reissue, "Issue them and send them")


def _issue(id: str, invite_id: str, act: Callable[..., actions.Minted], confirm: str) -> Response:
    PressForm().check()
    inspection = held(id)
    if confirmation_pages.editing():
        return back(inspection)
    by, now = me().actor(), clock.now()

    def issue(db: Db, version: int | None) -> actions.Minted:
        found = queries.invite(db, as_uuid(invite_id), inspection.id)
        _check_newest(db, found, version)
        return act(db, found, by=by, now=now)

    minted, shown = confirmation.confirm(issue, confirm, invite_id, always=False)
    return _show(inspection, shown, confirm) if minted is None else once(inspection, minted)


def _check_newest(db: Db, invite: Invite, version: int | None) -> None:
    """The page's link and code must still be the ones that work: nobody kills what somebody else has just sent."""
    if version is None or version == invite.code_issue:
        return
    refusal = Conflict("Somebody else has just issued a new link or code for this invite. Nothing was sent.", "stale")
    rows = events.timeline(db, SUBJECT, invite.inspection_id, limit=20)
    mine = [row for row in rows if row.data.get("invite") == str(invite.id)]
    refusal.current = invite.code_issue
    refusal.changes = [Change(entry.text, entry.at) for entry in EVENTS.timeline(mine[:1])]
    raise refusal


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
    return _press(id, actions.attend)


@pages.post("/<id>/start_recording")
@allow(*READERS)
def start_recording(id: str) -> Response:
    """Marks the start of a recording."""
    return _press(id, actions.start_recording)


@pages.post("/<id>/stop_recording")
@allow(*READERS)
def stop_recording(id: str) -> Response:
    """Marks the end of a recording."""
    return _press(id, actions.stop_recording)


def _press(id: str, act: Callable[..., Inspection]) -> Response:
    """A form of one button. Who comes second is told what the first one did."""
    PressForm().check()
    inspection = held(id)
    try:
        return back(act(db(), inspection.id, by=me().actor(), now=clock.now()))
    except Conflict as refusal:
        refusal.changes = _missed(inspection)
        raise


@pages.post("/<id>/change_notes")
@allow(*READERS)
def change_notes(id: str) -> Response:
    """Changes what the invitee is told."""
    form, inspection = NotesForm(), held(id)
    form.check()
    notes, seen = form.notes.data or "", str(form.version.data)
    try:
        return back(actions.change_notes(db(), inspection.id, notes=notes, seen=seen, by=me().actor(), now=clock.now()))
    except Conflict as refusal:
        rows = events.timeline(reading(), SUBJECT, inspection.id, limit=20)
        changed = [row for row in rows if row.kind == NOTES_CHANGED.kind][:1]
        refusal.changes = [Change(entry.text, entry.at) for entry in EVENTS.timeline(changed)]
        raise


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
    """Ends the inspection, once it was shown whom it asks for a time stamp."""
    PressForm().check()
    inspection = held(id)
    if confirmation_pages.editing():
        return back(inspection)
    by, now = me().actor(), clock.now()
    ended, shown = confirmation.confirm(
        lambda db, _: actions.end(db, inspection.id, by=by, now=now), "end", inspection.id
    )
    # Whoever presses second finds it ended, which is what they wanted.
    if ended is not None or queries.get(reading(), inspection.id).ended_at is not None:
        following = next_in_list(QUEUE, QUEUE.ask(now), inspection.id)
        if following:
            flash(following, "info")
        return back(inspection)
    return _show(inspection, shown, "End the inspection", "circle-stop", "danger", ENDING)


@pages.post("/<id>/anchors/<anchor_id>/retry_anchor")
@allow(*READERS)
def retry_anchor(id: str, anchor_id: str) -> Response:
    """Asks an authority that failed once more."""
    PressForm().check()
    inspection = held(id)
    actions.retry_anchor(db(), as_uuid(anchor_id), inspection.id, by=me().actor(), now=clock.now())
    return back(inspection)


def _show(
    inspection: Inspection,
    shown: confirmation.Preview | None,
    confirm: str,
    icon: str = "send",
    tone: str = "primary",
    note: str = "",
) -> Response:
    assert shown is not None
    place = url_for(".detail", id=inspection.id, **here())
    return confirmation_pages.show(
        shown, confirm, back=place, back_label="Back to the inspection", icon=icon, tone=tone, note=note
    )


def _missed(inspection: Inspection) -> list[Change]:
    """What happened since the version that the form was made from."""
    text = request.form.get("version", "")
    seen = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
    version = reading().scalar(select(Inspection.version).where(Inspection.id == inspection.id))
    if seen is None or version is None or version <= seen:
        return []
    rows = events.timeline(reading(), SUBJECT, inspection.id, limit=min(version - seen, 5))
    return [Change(entry.text, entry.at) for entry in EVENTS.timeline(rows)]
