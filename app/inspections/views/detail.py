"""The page of one inspection, and its chain as files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import segno
from flask import Response, current_app, url_for
from markupsafe import Markup

from app.accounts.access import allow, me
from app.accounts.roles import INSPECTIONS
from app.accounts.rules import LOCALES
from app.dashboard import tagging
from app.dashboard.live import live_item, view_item
from app.dashboard.redirects import place_in_list
from app.inspections import api_examples, chain, emails, presentation, queries, rules
from app.inspections.anchors import name_of
from app.inspections.events import EVENTS, INVITE_OPENED, INVITE_REISSUED, INVITED
from app.inspections.forms import InviteForm, NotesForm, PressForm, RemarkForm
from app.inspections.models import Campaign, Inspection, Status
from app.inspections.views.list import QUEUE
from app.inspections.views.shared import READERS, SHOWN_ONCE, found, pages, places, progress, shown_once
from app.kernel import clock
from app.kernel.api.routing import as_uuid
from app.kernel.changes.events import timeline
from app.kernel.crypto import sha256
from app.kernel.db.transaction import db
from app.kernel.errors import Refusal
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.web.htmx import personal, respond
from app.kernel.web.live import Live


@pages.get("/<id>")
@allow(*READERS)
def detail(id: str) -> Response:
    """Facts, invites with their flight recorder, chain and time stamps, the story, and what can be done."""
    now = clock.now()
    live = live_item("inspection", as_uuid(id), me().scope(INSPECTIONS), now, every=10)
    return live.not_modified() if live.unchanged else page(found(id), live)


def page(inspection: Inspection, live: Live | None = None, **typed: Any) -> Response:
    """The page of an inspection, live or as the answer to a form. `typed` are forms that keep what was typed."""
    now = clock.now()
    list_state = QUEUE.ask(now)
    near = list_state.listing.near(db(), inspection.id)
    state = rules.status_of(inspection, now)
    place = places(db(), {inspection.organization_id})[inspection.organization_id]
    invites = queries.invites(db(), inspection.id)
    letters = queries.letters(db(), [emails.link_name(invite) for invite in invites])
    rows = timeline(db(), "inspection", inspection.id)
    links, anchors = queries.links(db(), inspection.id), queries.anchors(db(), inspection.id)
    once, wrong = shown_once(inspection), queries.wrong_codes_of(db(), inspection.id)
    reasons = _reasons(inspection, now)
    panels = [
        _invite_panel(inspection, invite, letters, rows, once, queries.wrong_of(wrong, invite), now)
        for invite in invites
    ]
    response = respond(
        "inspections/detail.html",
        inspection=inspection,
        d=inspection,
        args=list_state.args,
        tab=list_state.tab.title,
        near=near,
        in_list=place_in_list(list_state.listing, db(), near),
        tagged=tagging.shown(QUEUE, db(), inspection),
        live=live.at(2) if live and state in (Status.OPEN, Status.RECORDING) else live,
        presence=view_item(INSPECTIONS, "inspection", inspection.id, inspection.organization_id, now) if live else [],
        place=place,
        zone=place.time_zone,
        state=state,
        badges=presentation.STATUS_BADGES,
        anchoring=presentation.ANCHORING_BADGES.get(inspection.anchoring),
        invites=panels,
        chain=presentation.chain_entries(links),
        chain_fault=_chain_fault(inspection, links),
        stamps=presentation.stamps(anchors),
        entries=EVENTS.timeline(rows),
        messages=messages_about(db(), "inspection", inspection.id, limit=50),
        language=LOCALES[inspection.locale],
        campaign=_campaign_name(inspection),
        reasons=reasons,
        api_examples=api_examples.of(inspection, reasons, panels),
        no_api_example=api_examples.NONE,
        forms={
            "press": PressForm(formdata=None),
            "invite": typed.get("invite") or InviteForm(formdata=None),
            "notes": _notes_form(inspection),
            "remark": RemarkForm(formdata=None),
        },
        inviting="invite" in typed,
        authorities=[name_of(url) for url in current_app.extensions["config"].tsa_urls],
        progress=progress(inspection, invites[0] if invites else None, letters, now),
        now=now,
    )
    if once:
        response.delete_cookie(SHOWN_ONCE, path=url_for(".detail", id=inspection.id))
    return response


def _campaign_name(inspection: Inspection) -> str:
    if inspection.campaign_id is None:
        return ""
    known = queries.campaigns(db(), Campaign.id == inspection.campaign_id)
    return known[0].name if known else ""


def _notes_form(inspection: Inspection) -> NotesForm:
    return NotesForm(formdata=None, notes=inspection.notes, version=sha256(inspection.notes))


def _chain_fault(inspection: Inspection, links: Any) -> str:
    """The sentence of what is wrong with the chain, checked at every look; empty when it holds."""
    try:
        chain.verify(links, length=inspection.chain_length, head=inspection.chain_head)
    except chain.Broken as broken:
        return str(broken)
    return ""


def _reasons(inspection: Inspection, now: datetime) -> dict[str, str]:
    """Verb → why it cannot be done now, in the rule's own sentence; empty when it can."""
    denied = me().why_not(INSPECTIONS, inspection.organization_id)
    checks = {
        "attend": rules.check_attend,
        "start_recording": rules.check_start_recording,
        "stop_recording": rules.check_stop_recording,
        "change_notes": rules.check_change_notes,
        "add_remark": rules.check_add_remark,
        "invite": rules.check_invite,
        "end": rules.check_live,
        "assign": lambda inspection, now: None,
    }
    return {verb: denied or _sentence(check, inspection, now) for verb, check in checks.items()}


def _sentence(check: Any, *facts: Any) -> str:
    try:
        check(*facts)
    except Refusal as refusal:
        return refusal.detail
    return ""


def _invite_panel(
    inspection: Inspection,
    invite: Any,
    letters: dict[str, Any],
    rows: Any,
    once: dict[str, Any],
    wrong: int,
    now: datetime,
) -> dict[str, Any]:
    """Everything the page says of one invite. `wrong` are the wrong codes typed for its recipient."""
    denied = me().why_not(INSPECTIONS, inspection.organization_id) or _sentence(rules.check_live, inspection, now)
    mine = [row for row in rows if row.data.get("invite") == str(invite.id)]
    made = next((row for row in mine if row.kind in (INVITED.kind, INVITE_REISSUED.kind)), None)
    opened = next((row for row in mine if row.kind == INVITE_OPENED.kind), None)
    mail = letters.get(emails.link_name(invite))
    shown = progress(inspection, invite, letters, now)
    reasons = {
        "new_code": denied or _sentence(rules.check_new_code, invite, now),
        "reissue": denied or _sentence(rules.check_reissue, invite, wrong),
        "revoke": denied or _sentence(rules.check_revoke, invite),
    }
    secrets = once if once.get("invite") == str(invite.id) else {}
    return {
        "invite": invite,
        "state": rules.invite_state(invite, now),
        "recorder": presentation.recorder(
            invite,
            mail,
            inspection.consent_state,
            made.created_at if made else invite.created_at,
            opened.data.get("agent", "") if opened else "",
            now,
        ),
        "phone_script": None if denied else presentation.phone_script(shown, inspection.locale),
        "reasons": reasons,
        "sentences": sorted({sentence for sentence in reasons.values() if sentence}),
        "url": secrets.get("url"),
        "code": secrets.get("code"),
        "qr": _qr(secrets["url"]) if secrets.get("url") else None,
    }


def _qr(url: str) -> Markup:
    """The link as a QR code: inline SVG, black on white, no style attribute."""
    svg = segno.make(url, error="m").svg_inline(border=0, svgclass="qr", lineclass=None, omitsize=True)
    return Markup(svg.replace("<svg ", '<svg role="img" aria-label="QR code of the invite link" ', 1))


@pages.get("/<id>/chain.zip")
@allow(*READERS)
def chain_bundle(id: str) -> Response:
    """The chain as files that verify offline with sha256sum, openssl and the script among them."""
    inspection = found(id)
    anchors = queries.anchors(db(), inspection.id)
    replies = [(name_of(anchor.authority), anchor.reply) for anchor in anchors if anchor.reply]
    head, length = inspection.chain_head, inspection.chain_length
    said = chain.statement(str(inspection.id), head, length) if inspection.ended_at else None
    content = chain.bundle(queries.links(db(), inspection.id), said, replies)
    response = Response(content, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="chain-{inspection.id}.zip"'
    return personal(response)
