"""The session's own page, for people without an account: what and when, and the way in once it has begun."""

from typing import Any

from flask import Blueprint, Response, redirect, request

from app.accounts.access import public
from app.depositions import calendar, emails, presentation
from app.depositions.models import State
from app.depositions.queries import detail
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.errors import Invalid, NotFound
from app.kernel.text import datetimes
from app.kernel.web.htmx import personal, respond

public_pages = Blueprint("depositions_public", __name__, url_prefix="/sessions")


@public_pages.get("/<slug>")
@public
def session(slug: str) -> Response:
    """What the session is and when; says so when it is too early, over or canceled."""
    return _page(_found(slug))


@public_pages.get("/<slug>/join")
@public
def join(slug: str) -> Response:
    """Into the room, once the session has begun; until then its page."""
    d = _found(slug)
    if d.state == State.ACTIVE and d.room_url:
        return personal(redirect(d.room_url, 303))  # type: ignore[arg-type]  # werkzeug's and flask's are one here
    return _page(d)


def _found(slug: str) -> Any:
    """The session behind an address; one that is not booked has no page. Raises NotFound."""
    d = detail.by_slug(db(), slug)
    if d.booked_at is None and d.state != State.CANCELED:
        raise NotFound("There is no session at this address. Copy the whole link from your message.")
    return d


def _page(d: Any) -> Response:
    now = clock.now()
    guest = _guest(d)
    return respond(
        "depositions/session.html",
        "depositions/_standing.html",
        status=410 if d.state in (State.CANCELED, State.ENDED) else 200,
        d=d,
        what=calendar.title(d),
        hours=presentation.hours(d),
        relative=datetimes.relative(d.starts_at, now) if d.starts_at > now else "",
        guest=guest,
        organization_name=d.organization_name,
        proof=request.args.get("k", "") if guest else "",
    )


def _guest(d: Any) -> emails.Participant | None:
    """Who the mailed link was sent to. A changed link still leads to the page, but greets nobody."""
    proof = request.args.get("k")
    if not proof:
        return None
    config = db().config
    try:
        return emails.recognize(d, config, proof)
    except Invalid:
        return None
