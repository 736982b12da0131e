"""The public page of a session: what and when, and the way in once it has begun."""

from collections.abc import Sequence

from flask import Blueprint, Response, redirect, request

from app.accounts import hosts
from app.accounts.access import public
from app.depositions import calendar, emails
from app.depositions.locales import TRANSLATIONS, span
from app.depositions.models import State
from app.depositions.queries import detail
from app.depositions.queries.detail import DepositionDetail
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db
from app.kernel.errors import Invalid, NotFound
from app.kernel.text import datetimes, time_zones
from app.kernel.web.htmx import personal, respond
from app.kernel.web.visitors import Host, VisitorPages, page_context

public_pages = Blueprint("depositions_public", __name__, url_prefix="/sessions")


def _host(db: Db, segments: Sequence[str]) -> Host | None:
    try:
        deposition = _booked(db, segments[0]) if segments else None
    except NotFound:
        return None
    return hosts.by_id(db, deposition.organization_id) if deposition else None


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
    t = TRANSLATIONS.translator(host.locale)
    begins = t.lang == "en" and deposition.starts_at > now  # the countdown speaks English
    return respond(
        "depositions/session.html",
        "depositions/_status.html",
        status=410 if deposition.state in (State.CANCELED, State.ENDED) else 200,
        deposition=deposition,
        what=calendar.title(deposition),
        **page_context(host, t),
        hours=span(deposition.starts_at, deposition.ends_at, deposition.zone, t),
        zone=time_zones.plain_name(deposition.time_zone),
        begins=datetimes.countdown(deposition.starts_at, now) if begins else "",
        guest=guest,
        proof=request.args.get("k", "") if guest else "",
    )


def _guest(deposition: DepositionDetail) -> emails.Participant | None:
    """The participant whose link was opened. A link that was changed still shows the page, without a name."""
    proof = request.args.get("k")
    if not proof:
        return None
    try:
        return emails.recognize(deposition, db().config, proof)
    except Invalid:
        return None
