"""The page of one inspection, and its chain as files."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import Response, current_app, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import INSPECTIONS, PEOPLE
from app.dashboard import item_page, tagging
from app.dashboard.documents import presentation
from app.dashboard.live import view_item
from app.dashboard.redirects import place_in_list
from app.inspections import api_examples, bundles, emails, numbers, queries, records, rules
from app.inspections.anchors import asked_name_of
from app.inspections.events import CONSENT_SUBJECTS, EVENTS, INVITE_OPENED, INVITE_REISSUED, INVITED, SUBJECT
from app.inspections.forms import EraseForm, InviteForm, NotesForm, RemarkForm, SubjectsForm
from app.inspections.locales import TRANSLATIONS
from app.inspections.models import Campaign, Inspection, Invite, Status
from app.inspections.presentation import gallery, labels, secrets, timeline
from app.inspections.presentation.invites import InvitePanel
from app.inspections.presentation.phones import expected
from app.inspections.presentation.progress import phone_script, progress_of
from app.inspections.presentation.rows import name_of as name_of_row
from app.inspections.queries import listing
from app.inspections.views import report
from app.inspections.views.filters import READERS, actable, pages, visible
from app.inspections.views.list import QUEUE
from app.kernel import clock
from app.kernel.api.routing import as_uuid
from app.kernel.changes import events
from app.kernel.changes.event_types import EventRow
from app.kernel.crypto import sha256
from app.kernel.db.transaction import db
from app.kernel.errors import Refusal
from app.kernel.outbox.delivery_status import messages_about
from app.kernel.web import confirmation_pages
from app.kernel.web.live import Live


@pages.get("/<id>")
@allow(*READERS)
def detail(id: str) -> Response:
    """One inspection: facts, invites with their steps, chain and time stamps, activity, and what can be done."""
    live = item_page.live_page(QUEUE, as_uuid(id), every=10)
    return live.not_modified() if live.unchanged else _page(visible(id), live)


@pages.post("/<id>")
@allow(*READERS)
def edit(id: str) -> Response:
    """The same page with the form that comes back from a preview as it was typed. Changes nothing."""
    return _page(actable(id), edited=confirmation_pages.edited_form())


def _page(inspection: Inspection, live: Live | None = None, edited: str = "") -> Response:
    """The page, live or with the form named `edited` as it was posted."""
    now = clock.now()
    list_state = QUEUE.ask(now)
    near = list_state.listing.near(db(), inspection.id)
    state = rules.status_of(inspection, now)
    keeping = queries.keeping(db(), inspection)
    invites = queries.invites(db(), inspection.id)
    messages = queries.link_messages(db(), [emails.link_name(invite) for invite in invites])
    rows = events.timeline(db(), SUBJECT, inspection.id)
    kept = records.read(db(), inspection.id)
    verdict = kept.verdict(db().config.tsa_roots)
    once = secrets.shown_once(request.cookies.get(secrets.COOKIE, ""), db().vault, me().id, now)
    wrong_codes = queries.wrong_codes_of(db(), inspection.id)
    consents = queries.consents(db(), inspection.id)
    kept_records = queries.records_kept(db(), inspection.id)
    evidence = queries.evidence(db(), inspection.id)
    phones = queries.phones(db(), inspection.id) if inspection.started_at is not None else ()
    reasons = _reasons(inspection, queries.unasked(consents), now)
    panels = [
        _invite_panel(
            inspection, invite, messages, rows, once, queries.wrong_of(wrong_codes, invite), consents, kept_records, now
        )
        for invite in invites
    ]
    viewers = view_item(INSPECTIONS, SUBJECT, inspection.id, inspection.organization_id, now) if live else []
    response = item_page.respond(
        QUEUE,
        "inspections/detail.html",
        inspection.id,
        list_state,
        live.at(2) if live and state in (Status.OPEN, Status.RECORDING) else live,
        inspection=inspection,
        args=list_state.args,
        tab=list_state.tab.title,
        near=near,
        in_list=place_in_list(list_state.listing, db(), near),
        tagged=tagging.shown(QUEUE, db(), inspection),
        presence=viewers,
        organization=keeping.organization,
        state=state,
        states=labels.STATES,
        anchoring=labels.ANCHORING.get(inspection.anchoring),
        invites=panels,
        hold=keeping.hold,
        kept_until=queries.until(inspection, keeping) if evidence else None,
        may_erase=me().may(PEOPLE, True, inspection.organization_id),
        report=report.shown(db(), inspection, now),
        pieces=gallery.pieces(evidence, kept.links, kept.stamped, verdict.stamps),
        expected=expected(phones, inspection.ended_at, now),
        large=bundles.size(evidence) > bundles.AT_ONCE,
        chain=timeline.chain_entries(kept.links),
        verdict=verdict,
        number=numbers.number_of(inspection.id),
        bundle=presentation.latest(db(), bundles.KIND, inspection.id) if evidence else None,
        stamps=timeline.stamps(kept.stamped, verdict.stamps),
        timeline=EVENTS.timeline(rows),
        messages=messages_about(db(), SUBJECT, inspection.id, limit=50),
        language=TRANSLATIONS.translator(inspection.locale).english_name,
        campaign=_campaign_name(inspection),
        reasons=reasons,
        waits=state in (Status.OPEN, Status.RECORDING) and inspection.attended_at is None,
        earlier=[(row, name_of_row(row), rules.status_of(row, now)) for row in listing.earlier(db(), inspection)],
        api_examples=api_examples.of(inspection, reasons, panels),
        no_api_example=api_examples.NONE,
        invite=InviteForm() if edited == "invite" else InviteForm(formdata=None),
        inviting=edited == "invite",
        notes=NotesForm(version=sha256(inspection.notes))
        if edited == "change_notes"
        else NotesForm(formdata=None, notes=inspection.notes, version=sha256(inspection.notes)),
        subjects=SubjectsForm(formdata=None, subjects=inspection.subjects, seen=" ".join(inspection.subjects)),
        asked_about=", ".join(CONSENT_SUBJECTS[subject].lower() for subject in inspection.subjects),
        answered=queries.answered_subjects(db(), inspection.id) if inspection.started_at is not None else (),
        remark=RemarkForm() if edited == "add_remark" else RemarkForm(formdata=None),
        edited=edited,
        erase=EraseForm(formdata=None),
        administers=me().may(PEOPLE, True, inspection.organization_id),
        authorities=[asked_name_of(url) for url in current_app.extensions["config"].tsa_urls],
        now=now,
    )
    if once:
        response.delete_cookie(secrets.COOKIE, path=url_for(".detail", id=inspection.id))
    return response


def _campaign_name(inspection: Inspection) -> str:
    if inspection.campaign_id is None:
        return ""
    known = queries.campaigns(db(), Campaign.id == inspection.campaign_id)
    return known[0].name if known else ""


def _reasons(inspection: Inspection, unasked: int, now: datetime) -> dict[str, str]:
    """Why each button is disabled, in the rules' own words; empty where it is not."""
    denied = me().why_not(INSPECTIONS, inspection.organization_id)
    checks: dict[str, Callable[..., None]] = {
        "attend": rules.check_attend,
        "start_recording": lambda inspection, now: rules.check_start_recording(inspection, now, unasked),
        "stop_recording": rules.check_stop_recording,
        "change_notes": rules.check_change_notes,
        "change_subjects": rules.check_live,
        "add_remark": rules.check_add_remark,
        "add_document": rules.check_live,
        "invite": rules.check_invite,
        "end": rules.check_live,
        "report": lambda inspection, now: rules.check_report(inspection),
    }
    reasons = {verb: denied or _sentence(check, inspection, now) for verb, check in checks.items()}
    return {**reasons, "assign": denied or "", "remark_evidence": denied or ""}


def _sentence(check: Callable[..., None], *facts: object) -> str:
    try:
        check(*facts)
    except Refusal as refusal:
        return refusal.detail
    return ""


def _invite_panel(
    inspection: Inspection,
    invite: Invite,
    messages: Mapping[str, queries.LinkMessage],
    rows: Sequence[EventRow],
    once: secrets.ShownOnce | None,
    wrong_codes: int,
    consents: queries.Consents,
    kept_records: Mapping[UUID, int],
    now: datetime,
) -> InvitePanel:
    """`wrong_codes` were typed for its recipient; `once` are the secrets to show, of this invite or another."""
    denied = me().why_not(INSPECTIONS, inspection.organization_id) or _sentence(rules.check_live, inspection, now)
    about_it = [row for row in rows if row.data.get("invite") == str(invite.id)]
    issued = next((row for row in about_it if row.kind in (INVITED.kind, INVITE_REISSUED.kind)), None)
    opened = next((row for row in about_it if row.kind == INVITE_OPENED.kind), None)
    reasons = {
        "new_code": denied or _sentence(rules.check_new_code, invite, now),
        "reissue": denied or _sentence(rules.check_reissue, invite, wrong_codes),
        "revoke": denied or _sentence(rules.check_revoke, invite),
        "erase": me().why_not(PEOPLE, inspection.organization_id)
        or _sentence(rules.check_erase_person, inspection, kept_records.get(invite.id, 0) > 0, now),
    }
    mine = once if once and once.invite == str(invite.id) else None
    return InvitePanel(
        invite,
        rules.invite_state(invite, now),
        timeline.steps(
            invite,
            messages.get(emails.link_name(invite)),
            consents.get(invite.id, {}),
            issued.created_at if issued else invite.created_at,
            opened.data.get("agent", "") if opened else "",
            now,
            subjects=inspection.subjects,
            over=inspection.ended_at is not None,
        ),
        None if denied else phone_script(progress_of(inspection, invite, messages, now), inspection.locale),
        reasons,
        kept_records.get(invite.id) == 0,
        mine.url if mine else None,
        mine.code if mine else None,
    )
