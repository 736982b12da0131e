"""What an operator does with an inspection: one POST a verb, back to the page with 303."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from flask import Response, current_app, flash, request, url_for
from sqlalchemy import select

from app.accounts.access import allow, me
from app.accounts.roles import PEOPLE
from app.dashboard.redirects import next_in_list
from app.inspections import actions, queries, rules
from app.inspections.events import EVENTS, NOTES_CHANGED, SUBJECT
from app.inspections.forms import ButtonForm, EraseForm, InviteForm, NotesForm, RemarkForm, SubjectsForm
from app.inspections.models import Inspection, Invite
from app.inspections.presentation import secrets
from app.inspections.presentation.phones import expected
from app.inspections.views.confirmations import holders, page_url, to_confirm
from app.inspections.views.filters import READERS, actable, pages, visible
from app.inspections.views.list import QUEUE
from app.kernel import clock
from app.kernel.api.routing import as_uuid
from app.kernel.changes import confirmation, events
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.errors import Change, Conflict
from app.kernel.text import datetimes
from app.kernel.web import confirmation_pages
from app.kernel.web.htmx import see_other

LOGGED_OUT = "The field user who joined with it is signed out."


@pages.post("/<id>/invite")
@allow(*READERS)
def invite(id: str) -> Response:
    """Invites a field user, once the operator has seen what is sent; link and code are shown once on the next page."""
    confirmation_pages.comes_back_as("invite")
    form, inspection = InviteForm(), actable(id)
    form.check()
    participant, by, now = form.participant().model_dump(), me().actor(), clock.now()
    minted, preview = confirmation.confirm(
        lambda db, _: actions.invite(db, inspection.id, by=by, now=now, **participant),
        "invite",
        inspection.id,
        participant,
        always=False,
    )
    if preview:
        name = " ".join(filter(None, (form.recipient_first_name.data, form.recipient_last_name.data)))
        asked = to_confirm(inspection, "Review and invite", "Invite and send", edit="invite")
        return confirmation_pages.show(
            preview, replace(asked, subject=[name, *asked.subject] if name else asked.subject)
        )
    assert minted is not None
    return _back_with_secrets(inspection, minted)


@pages.post("/<id>/invites/<invite_id>/new_code")
@allow(*READERS)
def new_code(id: str, invite_id: str) -> Response:
    """Sends a new code for the same link, once the operator has seen what is sent."""
    return _issue(id, invite_id, actions.new_code, "Review and send a new code", "Send the new code")


@pages.post("/<id>/invites/<invite_id>/reissue")
@allow(*READERS)
def reissue(id: str, invite_id: str) -> Response:
    """Sends a new link and code, once the operator has seen what is sent; the old ones stop working."""
    return _issue(id, invite_id, actions.reissue, "Review and issue a new link", "Issue and send")


def _issue(id: str, invite_id: str, act: Callable[..., actions.Minted], title: str, confirm: str) -> Response:
    ButtonForm().check()
    inspection = actable(id)
    joined = queries.invite(reading(), as_uuid(invite_id), inspection.id).joined_at is not None
    by, now = me().actor(), clock.now()

    def issue(db: Db, version: int | None) -> actions.Minted:
        found = queries.invite(db, as_uuid(invite_id), inspection.id)
        _check_newest(db, found, version)
        return act(db, found, by=by, now=now)

    minted, preview = confirmation.confirm(issue, confirm, invite_id, always=joined)
    if preview:
        asked = to_confirm(inspection, title, confirm, note=LOGGED_OUT if joined else "")
        return confirmation_pages.show(preview, asked)
    assert minted is not None
    return _back_with_secrets(inspection, minted)


def _check_newest(db: Db, invite: Invite, version: int | None) -> None:
    """Raises Conflict when another operator has issued a newer link or code than the page shows."""
    if version is None or version == invite.code_issue:
        return
    rows = events.timeline(db, SUBJECT, invite.inspection_id, limit=20)
    about_it = [row for row in rows if row.data.get("invite") == str(invite.id)]
    who = "You have" if any(events.is_own(row, me().actor()) for row in about_it[:1]) else "Somebody else has"
    refusal = Conflict(f"{who} just issued a new link or code for this invite. Nothing was sent.", "stale")
    refusal.current = invite.code_issue
    refusal.changes = [events.change(row, EVENTS, me().actor()) for row in about_it[:1]]
    raise refusal


@pages.post("/<id>/invites/<invite_id>/revoke")
@allow(*READERS)
def revoke(id: str, invite_id: str) -> Response:
    """Revokes an invite, once the operator has read what that ends: it is final, and nobody is told."""
    ButtonForm().check()
    inspection = actable(id)
    found, by, now = queries.invite(reading(), as_uuid(invite_id), inspection.id), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, _: actions.revoke(db, queries.invite(db, found.id, inspection.id), by=by, now=now),
        "revoke",
        invite_id,
    )
    if preview:
        note = "The link and the code stop working at once. To let the recipient in again, invite them again."
        note = f"{note} {LOGGED_OUT}" if found.joined_at is not None else note
        asked = to_confirm(
            inspection,
            "Review and revoke",
            "Revoke the invite",
            icon="ban",
            tone="danger",
            note=note,
            beliefs=holders([found], now),
        )
        return confirmation_pages.show(preview, asked)
    return back_to(inspection)


@pages.post("/<id>/attend")
@allow(*READERS)
def attend(id: str) -> Response:
    """Marks that an operator is with the field user."""
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
    """A form of one button. A refusal names what others did since the page was shown."""
    ButtonForm().check()
    inspection = actable(id)
    try:
        return back_to(act(db(), inspection.id, by=me().actor(), now=clock.now()))
    except Conflict as refusal:
        refusal.changes = _missed(inspection)
        raise


@pages.post("/<id>/change_notes")
@allow(*READERS)
def change_notes(id: str) -> Response:
    """Changes the notes that the invitee sees."""
    confirmation_pages.comes_back_as("change_notes")
    form, inspection = NotesForm(), actable(id)
    form.check()
    notes, seen, by, now = form.notes.data or "", str(form.version.data), me().actor(), clock.now()
    try:
        return back_to(actions.change_notes(db(), inspection.id, notes=notes, seen=seen, by=by, now=now))
    except Conflict as refusal:
        rows = events.timeline(reading(), SUBJECT, inspection.id, limit=20)
        changed = [row for row in rows if row.kind == NOTES_CHANGED.kind][:1]
        refusal.changes = [events.change(row, EVENTS, by) for row in changed]
        raise


@pages.post("/<id>/change_subjects")
@allow(*READERS)
def change_subjects(id: str) -> Response:
    """Changes what field users are asked to allow; what was added is asked of those who are in."""
    form, inspection = SubjectsForm(), actable(id)
    form.check()
    seen, by, now = str(form.seen.data or "").split(), me().actor(), clock.now()
    return back_to(actions.change_subjects(db(), inspection.id, form.subjects.data or (), seen=seen, by=by, now=now))


@pages.post("/<id>/add_remark")
@allow(*READERS)
def add_remark(id: str) -> Response:
    """Adds a remark to the record."""
    confirmation_pages.comes_back_as("add_remark")
    form, inspection = RemarkForm(), actable(id)
    form.check()
    text = str(form.text.data)
    return back_to(actions.add_remark(db(), inspection.id, text=text, by=me().actor(), now=clock.now()))


@pages.post("/<id>/end")
@allow(*READERS)
def end(id: str) -> Response:
    """Ends the inspection, once the operator has seen which authorities are asked for a time stamp."""
    ButtonForm().check()
    inspection, by, now = actable(id), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, _: actions.end(db, inspection.id, by=by, now=now), "end", inspection.id
    )
    # It may have been ended by another operator in between, which is what this one wanted as well.
    if preview and queries.get(reading(), inspection.id).ended_at is None:
        asked = to_confirm(
            inspection,
            "Review and end",
            "End the inspection",
            icon="circle-stop",
            tone="danger",
            note=_ending(inspection, now),
            beliefs=holders(queries.invites(reading(), inspection.id), now),
        )
        return confirmation_pages.show(preview, asked)
    flash("Ended. The record is sealed.", "good")
    following = next_in_list(QUEUE, QUEUE.ask(now), inspection.id)
    if following:
        flash(following, "info")
    return back_to(inspection)


def _still_expected(inspection: Inspection, now: datetime) -> str:
    """What phones have not sent yet: it can still arrive after the end, for a time."""
    waiting = sum(each.n for each in expected(queries.phones(db(), inspection.id), inspection.ended_at, now))
    if not waiting:
        return ""
    pieces = "1 piece of evidence waits" if waiting == 1 else f"{waiting} pieces of evidence wait"
    return f"{pieces} on phones, not sent yet: what was captured before the end is taken for 24 hours after it."


def _ending(inspection: Inspection, now: datetime) -> str:
    """What comes of ending an inspection now, besides the messages that the preview shows."""
    planned = inspection.scheduled_for
    parts = [
        "Links and codes stop working, field users are signed out, and the chain is sealed. It cannot be opened again.",
        _still_expected(inspection, now),
        "You need not wait for time stamps." if db().config.tsa_urls else "",
        f"It is planned for {datetimes.moment(planned, me().time_zone)}, {datetimes.relative(planned, now)}."
        if planned and planned > now
        else "",
        _what_is_sent(queries.invites(reading(), inspection.id)),
    ]
    return " ".join(filter(None, parts))


def _what_is_sent(invites: Sequence[Invite]) -> str:
    receipts = sum(rules.gets_receipt(invite) for invite in invites)
    if receipts:
        sentence = "Field users who took part are sent their receipt."
        return f"{sentence} Nobody else is notified." if len(invites) > receipts else sentence
    return "Nobody who was invited is notified." if invites else ""


@pages.post("/<id>/invites/<invite_id>/erase_person")
@allow(*READERS)
def erase_person(id: str, invite_id: str) -> Response:
    """Erases what is personal about a participant, once an administrator has read what that means."""
    form, inspection = EraseForm(), visible(id)
    me().check(PEOPLE, inspection.organization_id)
    form.check()
    found, reason, by, now = as_uuid(invite_id), str(form.reason.data), me().actor(), clock.now()
    _, preview = confirmation.confirm(
        lambda db, _: actions.erase_person(db, inspection.id, found, reason=reason, by=by, now=now),
        "erase_person",
        invite_id,
        reason,
    )
    if preview:
        note = (
            "Name, addresses, network and browser are gone for good, so are names, places and times of their files: "
            "here and in every bundle made from now on. The chain keeps that somebody was there, and stays whole. What "
            "stands in the activity stays: names, and addresses without their middle. Bundles and e-mails that were "
            "sent before are not called back."
        )
        return confirmation_pages.show(
            preview,
            to_confirm(inspection, "Review and erase", "Erase for good", icon="trash-2", tone="danger", note=note),
        )
    return back_to(inspection)


@pages.post("/<id>/anchors/<anchor_id>/retry_anchor")
@allow(*READERS)
def retry_anchor(id: str, anchor_id: str) -> Response:
    """Asks an authority again that has failed."""
    ButtonForm().check()
    inspection = actable(id)
    actions.retry_anchor(db(), as_uuid(anchor_id), inspection.id, by=me().actor(), now=clock.now())
    return back_to(inspection)


def back_to(inspection: Inspection) -> Response:
    """Back to the page of the inspection, with the list that the user came from."""
    return see_other(page_url(inspection))


def _back_with_secrets(inspection: Inspection, minted: actions.Minted) -> Response:
    """Back to the page, which shows link and code once (presentation/secrets.py)."""
    response = back_to(inspection)
    if minted.join_url or minted.otp_code:
        shown = secrets.ShownOnce(
            str(minted.invite.id), minted.join_url, minted.otp_code, me().id, clock.now().timestamp()
        )
        response.set_cookie(
            secrets.COOKIE,
            shown.encrypted(db().vault),
            max_age=secrets.SECONDS,
            path=url_for(".detail", id=inspection.id),
            secure=current_app.extensions["config"].production,
            httponly=True,
            samesite="Strict",
        )
    return response


def _missed(inspection: Inspection) -> list[Change]:
    """What happened since the version that the page showed."""
    text = request.form.get("version", "")
    seen = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
    version = reading().scalar(select(Inspection.version).where(Inspection.id == inspection.id))
    if seen is None or version is None or version <= seen:
        return []
    rows = events.timeline(reading(), SUBJECT, inspection.id, limit=min(version - seen, 5))
    return [events.change(row, EVENTS, me().actor()) for row in rows]
