"""The public page of a session: what and when, and the way in once it has begun."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, Response, redirect, request

from app.accounts import hosts
from app.accounts.access import public
from app.depositions import calendar, emails
from app.depositions.locales import hours, translator
from app.depositions.models import State
from app.depositions.queries import detail
from app.depositions.queries.detail import DepositionDetail
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db
from app.kernel.errors import Invalid, NotFound
from app.kernel.hosts import Host
from app.kernel.text.i18n import Translator
from app.kernel.web.htmx import personal, respond
from app.kernel.web.visitors import VisitorPages, page_context

public_pages = Blueprint("depositions_public", __name__, url_prefix="/sessions")


def _host(db: Db, segments: Sequence[str]) -> Host | None:
    try:
        deposition = _booked(db, segments[0]) if segments else None
    except NotFound:
        return None
    if deposition is None:
        return None
    host = hosts.by_id(db, deposition.organization_id)
    return replace(host, locale=translator(deposition.details, host.locale).lang)


VISITOR_PAGES = VisitorPages("sessions", _host)


@public_pages.get("/<slug>")
@public
def session(slug: str) -> Response:
    """What the session is and when, and whether it is too early, over or canceled."""
    return _page(_booked(db(), slug))


@public_pages.get("/<slug>/join")
@public
def join(slug: str) -> Response:
    """Redirects into the room once the session has begun; until then shows the session's page."""
    deposition = _booked(db(), slug)
    if deposition.state == State.ACTIVE and deposition.room_url:
        return personal(redirect(deposition.room_url, 303))  # type: ignore[arg-type]  # werkzeug's and flask's are one here
    return _page(deposition)


@public_pages.get("/<slug>/calendar.ics")
@public
def calendar_file(slug: str) -> Response:
    """The session as a file for the visitor's calendar, where it is the same entry as that of the e-mail; of a canceled
    one the file that takes it out."""
    deposition, now = _booked(db(), slug), clock.now()
    if not _has_calendar_entry(deposition):
        return _page(deposition)
    config, guest = db().config, _guest(deposition)
    t = translator(deposition.details, hosts.by_id(db(), deposition.organization_id).locale)
    if deposition.state == State.CANCELED:
        to, name = (guest.email, guest.name) if guest else ("", "")
        file = calendar.cancellation(deposition, config, to=to, name=name, now=now, t=t)
    else:
        url = emails.join_url(deposition, config, guest) if guest else f"{config.public_base_url}/sessions/{slug}"
        file = calendar.published(deposition, config, url=url, now=now, t=t)
    response = Response(file.content, content_type=file.type)
    response.headers["Content-Disposition"] = f"attachment; filename={file.name}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _has_calendar_entry(deposition: DepositionDetail) -> bool:
    """Whether there is an entry to add to calendars, or to take out of them."""
    return deposition.booked_at is not None and deposition.state != State.ENDED


def _booked(db: Db, slug: str) -> DepositionDetail:
    """The session at a public address. Raises NotFound, also for a request that is not booked."""
    deposition = detail.by_slug(db, slug)
    if deposition.booked_at is None and deposition.state != State.CANCELED:
        raise NotFound("There is no session at this address. Copy the whole link from your message.")
    return deposition


def _page(deposition: DepositionDetail) -> Response:
    now = clock.now()
    guest = _guest(deposition)
    host = hosts.by_id(db(), deposition.organization_id)
    t = translator(deposition.details, host.locale)
    return respond(
        "depositions/session.html",
        "depositions/_status.html",
        status=410 if deposition.state in (State.CANCELED, State.ENDED) else 200,
        deposition=deposition,
        what=calendar.title(deposition, t),
        **page_context(host, t),
        hours=hours(deposition.starts_at, deposition.ends_at, deposition.zone, t),
        starts=clock.iso(deposition.starts_at),
        ends=clock.iso(deposition.ends_at) if deposition.ends_at > deposition.starts_at else "",
        card=_card(deposition, now, t),
        guest=guest,
        proof=request.args.get("k", "") if guest else "",
    )


class Card(NamedTuple):
    """What happens now, and the one thing to do: `act` is enter, reload, calendar or nothing."""

    tone: str
    icon: str
    title: str
    text: str
    act: str = ""


def _card(deposition: DepositionDetail, now: datetime, t: Translator) -> Card:
    if deposition.state == State.CANCELED:
        return Card("danger", "calendar-x", t("canceled"), t("canceled_text"))
    if deposition.state == State.ENDED:
        return Card("", "check", t("ended"), t("ended_text"))
    if deposition.state == State.ACTIVE and deposition.room_url:
        return Card("good", "video", t("open"), t("open_text"), "enter")
    if deposition.state == State.ACTIVE:
        return Card("good", "hourglass", t("begun"), t("begun_text"), "reload")
    left = deposition.starts_at - now
    act = "calendar" if left > timedelta(hours=1) else "reload"
    return Card("", "clock", _begins(left, t), t("early_text"), act)


def _begins(left: timedelta, t: Translator) -> str:
    """`Begins in 6 days`, in whole units, the largest."""
    minutes = int(left.total_seconds() // 60)
    if minutes < 1:
        return t("soon")
    if minutes < 60:
        return t("begins_minutes", n=minutes)
    return t("begins_hours", n=minutes // 60) if minutes < 48 * 60 else t("begins_days", n=minutes // 1440)


def _guest(deposition: DepositionDetail) -> emails.Participant | None:
    """The participant whose link was opened. A link that was changed still shows the page, without a name."""
    proof = request.args.get("k")
    if not proof:
        return None
    try:
        return emails.recognize(deposition, db().config, proof)
    except Invalid:
        return None
