"""The field user's pages: no account, phone first, in the session's language.

The mailed page is inert: scanners that open links see a button, and only pressing it redeems. After that a cookie of
this inspection alone carries the field session, and a browser that keeps none is told so. Every form leads on to an
address that can be opened again. Redeeming and consenting are committed whatever the answer is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from sqlalchemy import select

from app.accounts import hosts
from app.accounts.access import public
from app.accounts.models import Organization
from app.files.rules import LARGEST
from app.inspections import actions, queries, receipts, rules
from app.inspections.evidence import rules as evidence_rules
from app.inspections.forms import ConsentForm, FieldForm
from app.inspections.locales import TRANSLATIONS, consent_wording, date_time, listed, time_left
from app.inspections.models import Inspection, Invite, Status
from app.inspections.queries import own_wordings
from app.kernel import clock
from app.kernel.api.rate_limits import Limiter, by_network, refuse
from app.kernel.api.routing import as_uuid
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.db.transaction import database, reading, side_note, side_transaction
from app.kernel.errors import Gone, NotFound
from app.kernel.hosts import Host
from app.kernel.web.arguments import Variables
from app.kernel.web.htmx import see_other
from app.kernel.web.visitors import VisitorPages, browser_language, page_context

public_pages = Blueprint("inspections_public", __name__, url_prefix="/join/<id>")

PREVIEWS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(self)",
}
"""The policies of the page that takes photos: it shows what was chosen before it is sent, and may ask where it is."""


def _host(db: Db, segments: Sequence[str]) -> Host | None:
    return _scene(db, as_uuid_or_none(segments[0]) if segments else None).host


VISITOR_PAGES = VisitorPages("join", _host)

COOKIE = "field_session"
STEPS = ("link", "code", "consent", "in")


@dataclass(frozen=True, slots=True)
class Scene:
    """What every field page needs: the inspection, the organization that invites, and the language."""

    inspection: Inspection | None
    host: Host | None
    zone: str
    locale: str


@public_pages.get("/")
@public
def welcome(id: str) -> Response:
    """The mailed page. It shows a button and redeems nothing; its first opening is noted in a side transaction."""
    inspection_id, token, now = as_uuid_or_none(id), request.args.get("t", ""), clock.now()
    _throttle()
    outcome, scene = _outcome(inspection_id, token, now), _scene(reading(), inspection_id)
    if outcome is not None and outcome.status not in (200, 401):
        _, inside = _inside(id)  # the browser that was in may have more to see than whoever has the link
        same = isinstance(inside, actions.Outcome) and inside.reason == outcome.reason
        return _over(scene, inside if same and isinstance(inside, actions.Outcome) else outcome)
    invite = outcome.invite if outcome is not None else _invite(inspection_id, token)
    if invite is not None and invite.seen_at is None and request.method == "GET":
        seen = invite
        side_note(lambda db: actions.see_invite(db, seen, visitor=_visitor(), now=now))
    asking = _subjects(scene) if invite is None or invite.role == rules.FIELD else []
    return _page(
        "inspections/welcome.html", scene, 1, token=token, invite=invite, asking=asking, form=FieldForm(t=token)
    )


@public_pages.post("/")
@public
def press(id: str) -> Response:
    """Continue was pressed: a person. Redeems where no code is needed, asks for the code elsewhere."""
    form = FieldForm()
    form.check()
    _throttle()
    return _redeem(id, str(form.t.data or ""), None)


@public_pages.get("/code")
@public
def code(id: str) -> Response:
    """Asks for the code, and says how many tries are left."""
    inspection_id, token, now = as_uuid_or_none(id), request.args.get("t", ""), clock.now()
    _throttle()
    outcome, scene = _outcome(inspection_id, token, now), _scene(reading(), inspection_id)
    if outcome is None or outcome.status == 200:
        return see_other(_url(".welcome", id, t=token))
    if outcome.status != 401 or outcome.invite is None:
        return _over(scene, outcome)
    return _code_page(scene, outcome.invite, token, now)


@public_pages.post("/code")
@public
def enter(id: str) -> Response:
    """Redeems with the code that was typed."""
    form = FieldForm()
    form.check()
    _throttle()
    return _redeem(id, str(form.t.data or ""), rules.typed_code(form.code.data))


@public_pages.get("/consent")
@public
def consent(id: str) -> Response:
    """Asks what the field user allows."""
    scene, found = _inside(id)
    if not isinstance(found, Invite):
        return _over(scene, found)
    if found.role != rules.FIELD:
        return see_other(_url(".room", id))
    missing = bool(request.args.get("missing"))
    own, subjects = _own_texts(scene), _subjects(scene)
    if not subjects:
        return see_other(_url(".room", id))
    form = ConsentForm(formdata=None, wording=_digest(_wordings(scene, own)))
    known = queries.consents(reading(), found.inspection_id).get(found.id, {})
    return _page(
        "inspections/consent.html", scene, 3, form=form, missing=missing, known=known, own=own, subjects=subjects
    )


@public_pages.post("/consent")
@public
def allow_or_deny(id: str) -> Response:
    """Stores and seals what they allow."""
    form = ConsentForm()
    form.check()
    scene, found = _inside(id)
    if not isinstance(found, Invite) or found.role != rules.FIELD:
        return see_other(_url(".consent", id))
    answers, wordings = form.answers(), _wordings(scene, _own_texts(scene))
    # An answer counts only with the words that it was given to, which an update may have changed meanwhile.
    if rules.unanswered(_subjects(scene), answers) or form.wording.data != _digest(wordings):
        return see_other(_url(".consent", id, missing="1"))
    with suppress(Gone), side_transaction() as db:  # the next page says that it has ended meanwhile
        actions.consent(db, found, answers, wordings, visitor=_visitor(), now=clock.now())
    return see_other(_url(".room", id))


def _subjects(scene: Scene) -> list[str]:
    """What this inspection uses, and asks its field users about."""
    return scene.inspection.subjects if scene.inspection is not None else []


def _own_texts(scene: Scene) -> dict[str, str]:
    """What the organization says itself in the language of the page, by subject; never its words in another one."""
    assert scene.inspection is not None
    return own_wordings.own_texts(reading(), scene.inspection.organization_id, scene.locale)


def _wordings(scene: Scene, own: Mapping[str, str]) -> dict[str, actions.Wording]:
    """The words in which this visitor is asked about each subject."""
    t = TRANSLATIONS.translator(scene.locale)
    words = {subject: consent_wording(subject, t, own.get(subject, "")) for subject in _subjects(scene)}
    return {subject: actions.Wording(text, t.lang) for subject, text in words.items()}


def _digest(wordings: Mapping[str, actions.Wording]) -> str:
    return sha256("".join(wording.sha256 for wording in wordings.values()))


@public_pages.get("/room")
@public
def room(id: str) -> Response:
    """The page of a field user who has joined: what happens now, and the notes. It asks every two seconds whether it
    has changed, which costs a few reads and no page."""
    scene, found = _inside(id)
    if not isinstance(found, Invite) or scene.inspection is None:
        unknown = found if isinstance(found, actions.Outcome) else actions.Outcome(404, "not_found", {})
        return _over(scene, unknown)
    mine, t = queries.evidence_of(reading(), found), TRANSLATIONS.translator(scene.locale)
    revision = _revision(scene.inspection, scene.locale, len(mine))
    if "If-None-Match" in request.headers and found.role == rules.FIELD:
        _hear(found)
    if request.headers.get("If-None-Match") == revision:
        return Response(status=304, headers={"Cache-Control": "no-store"})
    known = queries.consents(reading(), found.inspection_id).get(found.id, {})
    response = _page(
        "inspections/room.html",
        scene,
        4,
        known=known,
        subjects=scene.inspection.subjects,
        unanswered=rules.unanswered(scene.inspection.subjects, known) if found.role == rules.FIELD else 0,
        asked=found.role == rules.FIELD,
        revision=revision,
        mine=receipts.mine(mine, scene.zone, t),
        zone=scene.zone,
        added=evidence.added_count(request.args.get("added", "")),
        refused=evidence.shown(request.args.get("refused", "")),
        most=LARGEST,
    )
    response.headers.update(PREVIEWS)
    return response


def _hear(invite: Invite) -> None:
    """Notes now and then that the page is open on a phone, so that one that falls silent is noticed."""
    now, before = clock.now(), queries.heard_at(reading(), invite.id)
    if before is None or not timedelta() <= now - before < evidence_rules.HEARD_EVERY:
        side_note(lambda db: actions.hear_phone(db, invite, now=now))


def _revision(inspection: Inspection, locale: str, evidence: int) -> str:
    """Names what the page of one who has joined says of the inspection."""
    shown = (
        inspection.status,
        str(inspection.attended_at),
        inspection.operator_name,
        inspection.notes,
        locale,
        str(evidence),
        *inspection.subjects,
    )
    return sha256("\n".join(shown))[:16]


def as_uuid_or_none(id: str) -> UUID | None:
    """The id in the path, or None when it is none, which field pages explain themselves."""
    try:
        return as_uuid(id)
    except NotFound:
        return None


def _url(endpoint: str, id: str, **more: str) -> str:
    """A field page's address, in the language this one is read in."""
    known: Variables = {name: value for name, value in more.items() if value}
    if request.args.get("lang") in TRANSLATIONS.languages:
        known["lang"] = request.args["lang"]
    return url_for(endpoint, id=id, **known)


def _visitor() -> actions.Visitor:
    return actions.Visitor.of(request.remote_addr, request.headers.get("User-Agent"), g.get("request_id"), "page")


def _throttle() -> None:
    """As often as the join endpoint, and counted together with it."""
    limiter: Limiter = current_app.extensions["limiter"]
    refuse(limiter.hit(by_network("inspections.join", request.remote_addr), rules.JOINS_A_MINUTE))


def _outcome(inspection_id: UUID | None, token: str, now: datetime) -> actions.Outcome | None:
    if inspection_id is None:
        return actions.Outcome(404, "not_found", {})
    found = actions.join_outcome(reading(), inspection_id, token, code=None, visitor=_visitor(), now=now)
    replaced = queries.invite_of_replaced_link(reading(), inspection_id, token)
    return _replaced(inspection_id, replaced, now) if replaced else found


def _replaced(inspection_id: UUID, invite: Invite, now: datetime) -> actions.Outcome:
    """What to tell a phone whose link was replaced by a newer one, which may be over too."""
    status = rules.status_of(queries.get(reading(), inspection_id), now)
    if status in (Status.CLOSED, Status.EXPIRED):
        return actions.Outcome(410, "session_ended" if status == Status.CLOSED else "session_expired", {})
    state = rules.invite_state(invite, now)
    if state in (rules.InviteState.REVOKED, rules.InviteState.EXPIRED):
        return actions.Outcome(410, f"join_{state}", {})
    return actions.Outcome(410, "link_replaced" if invite.otp_required else "link_replaced_no_code", {})


def _invite(inspection_id: UUID | None, token: str) -> Invite | None:
    return queries.invite_by_token(reading(), inspection_id, token) if inspection_id else None


def _redeem(id: str, token: str, typed: str | None) -> Response:
    """One step up the ladder, and on to the page that says where it ends."""
    inspection_id, now, here = as_uuid_or_none(id), clock.now(), _visitor()
    if inspection_id is None:
        return see_other(_url(".welcome", id, t=token))
    with side_transaction() as db:
        invite = queries.invite_by_token(db, inspection_id, token)
        if invite is not None and invite.opened_at is None:
            actions.open_invite(db, invite, visitor=here, now=now)
        outcome = actions.join(db, inspection_id, token, code=typed, visitor=here, now=now)
    if outcome.status == 200:
        participant = outcome.body["participant"]
        known = queries.consents(reading(), inspection_id).get(participant["id"], {})
        used = queries.get(reading(), inspection_id).subjects
        asked = participant["role"] == rules.FIELD and rules.unanswered(used, known)
        response = see_other(_url(".consent" if asked else ".room", id))
        response.set_cookie(
            COOKIE,
            outcome.body["field_session_token"],
            path=url_for(".welcome", id=id),
            secure=current_app.extensions["config"].production,
            httponly=True,
            samesite="Lax",
        )
        return response
    if outcome.status == 401:
        missing = {"empty": "1"} if request.endpoint == f"{public_pages.name}.enter" and typed is None else {}
        return see_other(_url(".code", id, t=token, **missing))
    return see_other(_url(".welcome", id, t=token))


def _inside(id: str) -> tuple[Scene, Invite | actions.Outcome]:
    """The scene, and the invite whose field session the cookie carries; else what to say instead."""
    inspection_id, token, now = as_uuid_or_none(id), request.cookies.get(COOKIE, ""), clock.now()
    scene = _scene(reading(), inspection_id)
    if inspection_id is None or scene.inspection is None:
        return scene, actions.Outcome(404, "not_found", {})
    if not token:
        return scene, actions.Outcome(403, "no_cookie", {})
    invite = queries.invite_by_field_token(reading(), inspection_id, token)
    if invite is None:
        replaced = queries.invite_of_replaced_link(reading(), inspection_id, token)
        unknown = actions.Outcome(403, "signed_out", {})
        return scene, _replaced(inspection_id, replaced, now) if replaced else unknown
    if rules.status_of(scene.inspection, now) == Status.CLOSED:
        return scene, _ended(invite)
    state = rules.invite_state(invite, now)
    if state in (rules.InviteState.REVOKED, rules.InviteState.EXPIRED):
        return scene, actions.Outcome(410, f"join_{state}", {})
    return scene, invite if state == rules.InviteState.JOINED else actions.Outcome(403, "signed_out", {})


def _ended(invite: Invite) -> actions.Outcome:
    """That the inspection has ended, with the receipt of this browser's field user, who was in, and whose phone may
    hold what was not sent."""
    if not rules.has_receipt(invite):
        return actions.Outcome(410, "session_ended", {})
    receipt = {"receipt": receipts.url(database().config, invite)}
    return actions.Outcome(410, "session_ended", receipt, invite)


def _scene(db: Db, inspection_id: UUID | None) -> Scene:
    """Who invites, and in which language: for an unknown session that of the browser, and no name."""
    asked = request.args.get("lang", "")
    unknown = Scene(None, None, "UTC", asked if asked in TRANSLATIONS.languages else browser_language(TRANSLATIONS))
    if inspection_id is None:
        return unknown
    o = Organization.__table__.c
    try:
        inspection = queries.get(db, inspection_id)
    except NotFound:
        return unknown
    zone = db.execute(select(o.time_zone).where(o.id == inspection.organization_id)).scalar_one()
    locale = asked if asked in TRANSLATIONS.languages else inspection.locale
    host = replace(hosts.by_id(db, inspection.organization_id), locale=locale)
    return Scene(inspection, host, zone, locale)


def _code_page(scene: Scene, invite: Invite, token: str, now: datetime) -> Response:
    t = TRANSLATIONS.translator(scene.locale)
    hints = [
        hint for hint in (rules.hint_email(invite.recipient_email), rules.hint_phone(invite.recipient_phone)) if hint
    ]
    left = invite.otp_expires_at - now if invite.otp_expires_at else None
    return _page(
        "inspections/code.html",
        scene,
        2,
        form=FieldForm(t=token),
        token=token,
        hints=[hint for hint in hints if hint],
        left=time_left(left, t) if left and left.total_seconds() > 0 else "",
        tries_left=rules.OTP_TRIES - invite.tries if invite.tries else 0,
        empty=bool(request.args.get("empty")),
        asking=_subjects(scene) if invite.role == rules.FIELD else [],
    )


def _over(scene: Scene, outcome: actions.Outcome) -> Response:
    """The page where joining ends: what happened, and what to do. Its body may have the link to a receipt. To a browser
    that was in, it also says what waits there and was not sent, and sends it while that is still taken."""
    response = _page(
        "inspections/over.html",
        scene,
        0,
        word=outcome.reason,
        status=outcome.status,
        receipt=outcome.body.get("receipt", ""),
        was_in=bool(request.cookies.get(COOKIE)),
        until=_arrives_until(scene, outcome),
        stopped=refusal(scene, outcome),
    )
    return response


def _arrives_until(scene: Scene, outcome: actions.Outcome) -> str:
    """Until when what waits on this phone is still taken; empty when it is not."""
    ended_at = scene.inspection.ended_at if scene.inspection else None
    if outcome.reason != "session_ended" or outcome.invite is None or ended_at is None:
        return ""
    until = ended_at + evidence_rules.ARRIVES_WITHIN
    return date_time(until, scene.zone, TRANSLATIONS.translator(scene.locale)) if clock.now() < until else ""


def refusal(scene: Scene, outcome: actions.Outcome) -> str:
    """The reason for which nothing more is taken once the inspection has ended; empty where it has not."""
    if outcome.reason != "session_ended" or scene.inspection is None:
        return ""
    return "ended" if evidence_rules.arrives(scene.inspection.ended_at, clock.now()) else "too_late"


def _page(template: str, scene: Scene, step: int, status: int = 200, **context: object) -> Response:
    t = TRANSLATIONS.translator(scene.locale)
    inspection = scene.inspection
    others = [(code, name) for code, name in TRANSLATIONS.languages.items() if code != t.lang]
    kept = {key: value for key, value in request.args.items() if key != "lang"}
    page = render_template(
        template,
        **page_context(scene.host, t),
        step=step,
        step_label=t("step", number=step, name=t(f"step_{STEPS[step - 1]}")) if step else "",
        inspection=inspection,
        when=date_time(inspection.scheduled_for, scene.zone, t) if inspection and inspection.scheduled_for else "",
        listed=listed,
        language=TRANSLATIONS.languages[t.lang],
        languages=[
            (code, name, f"{request.script_root}{request.path}?{urlencode({**kept, 'lang': code})}")
            for code, name in others
        ],
        **context,
    )
    response = Response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


from app.inspections.public import evidence, parts, receipt_page  # noqa: E402, F401  # their pages stand on what is above
