"""The calendar feed of a manager: their sessions, for whoever has its secret address."""

from flask import Blueprint, Response

from app.accounts.access import public
from app.depositions import calendar
from app.depositions.actions.roster import feed_hash
from app.depositions.locales import manager_translator
from app.depositions.queries import roster
from app.kernel import clock
from app.kernel.db.transaction import reading
from app.kernel.errors import NotFound

feed_pages = Blueprint("managers_public", __name__, url_prefix="/managers")


@feed_pages.get("/feed/<token>.ics")
@public
def feed(token: str) -> Response:
    """The sessions from a month ago to a year ahead. A revoked address answers as one that never was."""
    manager = roster.by_feed(reading(), feed_hash(token))
    if manager is None:
        raise NotFound("There is no calendar at this address.")
    sessions = roster.feed(reading(), manager.id, clock.now())
    file = calendar.feed(sessions, reading().config, manager.name, manager_translator(manager.languages))
    response = Response(file.content, mimetype="text/calendar")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Disposition"] = f"inline; filename={file.name}"
    return response
