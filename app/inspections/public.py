"""The field user's pages: no account, phone first, in the session's language.

The mailed page is inert: scanners that open links see a button, and only pressing it redeems. After that a cookie of
this inspection alone carries the field session. Redeeming and consenting are committed whatever the answer is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, g, redirect, render_template, request, url_for
from sqlalchemy import select

from app.accounts.access import public
from app.accounts.models import Organization
from app.inspections import actions, queries, rules
from app.inspections.forms import ConsentForm, FieldForm
from app.inspections.locales import TRANSLATIONS, date_time, time_left
from app.inspections.models import Inspection, Invite, Status
from app.kernel import clock
from app.kernel.api.rate_limits import Limiter, by_network, refuse
from app.kernel.api.routing import as_uuid
from app.kernel.db.transaction import reading, side_note, side_transaction
from app.kernel.errors import Gone, NotFound

public_pages = Blueprint("inspections_public", __name__, url_prefix="/join/<id>")

COOKIE = "field_session"
STEPS = ("link", "code", "consent", "in")


@dataclass(frozen=True, slots=True)
class Scene:
    """What every field page needs: the inspection, the organization that invites, and the language."""

    inspection: Inspection | None
    organization: str
    zone: str
    locale: str


@public_pages.get("/")
@public
def welcome(id: str) -> Response:
    """The mailed page. It shows a button and redeems nothing; its first opening is noted in a side transaction."""
    inspection_id, token, now = as_uuid_or_none(id), request.args.get("t", ""), clock.now()
    _throttle()
    outcome = _outcome(inspection_id, token, now)
    scene = _scene(inspection_id)
    if outcome is not None and outcome.status not in (200, 401):
        return _over(scene, outcome.reason, outcome.status)
    invite = outcome.invite if outcome is not None else _invite(inspection_id, token)
    if invite is not None and invite.seen_at is None and request.method == "GET":
        seen = invite
        side_note(lambda db: actions.see_invite(db, seen, visitor=_visitor(), now=now))
    return _page("inspections/welcome.html", scene, 1, token=token, invite=invite, form=FieldForm(t=token))


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
    outcome, scene = _outcome(inspection_id, token, now), _scene(inspection_id)
    if outcome is None or outcome.status == 200:
        return redirect(_url(".welcome", id, t=token), 303)  # type: ignore[return-value]  # one Response here
    if outcome.status != 401 or outcome.invite is None:
        return _over(scene, outcome.reason, outcome.status)
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
    scene, invite = _inside(id)
    if invite is None:
        return _outside(scene)
    return _page("inspections/consent.html", scene, 3, form=ConsentForm())


@public_pages.post("/consent")
@public
def allow_or_deny(id: str) -> Response:
    """Stores and seals what they allow."""
    form = ConsentForm()
    form.check()
    scene, invite = _inside(id)
    if invite is None:
        return _outside(scene)
    answers = {
        name: value for name, value in (("camera", form.camera.data), ("gps", form.gps.data)) if value is not None
    }
    if len(answers) < 2 or any(answer not in ("granted", "denied") for answer in answers.values()):
        return _page("inspections/consent.html", scene, 3, form=form, status=422, missing=True)
    try:
        with side_transaction() as db:
            actions.consent(db, invite, answers, visitor=_visitor(), now=clock.now())
    except Gone:
        return _over(scene, "session_ended", 410)
    return redirect(_url(".room", id), 303)  # type: ignore[return-value]  # werkzeug's and flask's are one


@public_pages.get("/room")
@public
def room(id: str) -> Response:
    """The page of a field user who has joined: what happens now, and the notes."""
    scene, invite = _inside(id)
    if invite is None:
        return _outside(scene)
    return _page("inspections/room.html", scene, 4)


def as_uuid_or_none(id: str) -> UUID | None:
    """The id in the path, or None when it is none, which field pages explain themselves."""
    try:
        return as_uuid(id)
    except NotFound:
        return None


def _url(endpoint: str, id: str, **more: str) -> str:
    """A field page's address, in the language this one is read in."""
    known: dict[str, Any] = {**more}
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
    return actions.join_outcome(reading(), inspection_id, token, code=None, visitor=_visitor(), now=now)


def _invite(inspection_id: UUID | None, token: str) -> Invite | None:
    return queries.invite_by_token(reading(), inspection_id, token) if inspection_id else None


def _redeem(id: str, token: str, typed: str | None) -> Response:
    """One step up the ladder, and the page that belongs to where it ends."""
    inspection_id, now, here = as_uuid_or_none(id), clock.now(), _visitor()
    if inspection_id is None:
        return _over(_scene(None), "not_found", 404)
    with side_transaction() as db:
        invite = queries.invite_by_token(db, inspection_id, token)
        if invite is not None and invite.opened_at is None:
            actions.open_invite(db, invite, visitor=here, now=now)
        outcome = actions.join(db, inspection_id, token, code=typed, visitor=here, now=now)
    if outcome.status == 200:
        known = outcome.body["session"]["consent_state"]
        response = redirect(_url(".room" if known else ".consent", id), 303)
        response.set_cookie(
            COOKIE,
            outcome.body["field_session_token"],
            path=url_for(".welcome", id=id),
            secure=current_app.extensions["config"].production,
            httponly=True,
            samesite="Lax",
        )
        return response  # type: ignore[return-value]  # werkzeug's and flask's Response are one here
    if outcome.status == 401:
        missing = {"empty": "1"} if request.endpoint == f"{public_pages.name}.enter" and typed is None else {}
        return redirect(_url(".code", id, t=token, **missing), 303)  # type: ignore[return-value]  # as above
    return _over(_scene(inspection_id), outcome.reason, outcome.status)


def _inside(id: str) -> tuple[Scene, Invite | None]:
    """The scene, and the invite whose field session the cookie carries; None when it has ended."""
    inspection_id = as_uuid_or_none(id)
    scene = _scene(inspection_id)
    given = request.cookies.get(COOKIE, "")
    if inspection_id is None or scene.inspection is None or not given:
        return scene, None
    invite = queries.invite_by_field_token(reading(), inspection_id, given)
    now = clock.now()
    if invite is None or rules.invite_state(invite, now) != rules.InviteState.JOINED:
        return scene, None
    return scene, None if rules.status_of(scene.inspection, now) == Status.CLOSED else invite


def _outside(scene: Scene) -> Response:
    """The page without a field session: the inspection is over, or the link must be opened again."""
    if scene.inspection is not None and scene.inspection.ended_at is not None and request.cookies.get(COOKIE):
        return _over(scene, "session_ended", 410)
    return _over(scene, "signed_out", 403)


def _scene(inspection_id: UUID | None) -> Scene:
    """Who invites, and in which language. An unknown session gives the name of the app, in English, only."""
    asked = request.args.get("lang", "")
    unknown = Scene(None, "Session Desk", "UTC", asked if asked in TRANSLATIONS.languages else "en")
    if inspection_id is None:
        return unknown
    o = Organization.__table__.c
    try:
        inspection = queries.get(reading(), inspection_id)
    except NotFound:
        return unknown
    row = reading().execute(select(o.name, o.time_zone).where(o.id == inspection.organization_id)).one()
    locale = asked if asked in TRANSLATIONS.languages else inspection.locale
    return Scene(inspection, row.name, row.time_zone, locale)


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
    )


def _over(scene: Scene, word: str, status: int) -> Response:
    """The page where joining ends: what happened, and what to do. It shows nothing of an unknown session."""
    if word == "not_found":
        scene = Scene(None, "Session Desk", "UTC", scene.locale)
    return _page("inspections/over.html", scene, 0, word=word, status=status)


def _page(template: str, scene: Scene, step: int, status: int = 200, **context: Any) -> Response:
    t = TRANSLATIONS.translator(scene.locale)
    inspection = scene.inspection
    others = [(code, name) for code, name in TRANSLATIONS.languages.items() if code != t.lang]
    kept = {key: value for key, value in request.args.items() if key in ("t",)}
    page = render_template(
        template,
        t=t,
        step=step,
        step_label=t("step", number=step, name=t(f"step_{STEPS[step - 1]}")) if step else "",
        lang=t.lang,
        dir=t.dir,
        organization_name=scene.organization,
        inspection=inspection,
        when=date_time(inspection.scheduled_for, scene.zone, t) if inspection and inspection.scheduled_for else "",
        languages=[
            (code, name, f"{request.path}?{'&'.join(f'{k}={v}' for k, v in {**kept, 'lang': code}.items())}")
            for code, name in others
        ],
        **context,
    )
    response = Response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
