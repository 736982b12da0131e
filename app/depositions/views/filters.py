"""What the pages of this room share: the blueprint, the list that an address asks for, and one row of it."""

from datetime import date
from typing import Any

from flask import Blueprint, request

from app.accounts.access import me
from app.accounts.roles import DEPOSITIONS, Role
from app.dashboard import tags
from app.dashboard.assignees import UNASSIGNED
from app.depositions.models import Deposition, State
from app.depositions.queries import detail, listing
from app.depositions.queries.detail import DepositionDetail
from app.kernel.db.transaction import reading
from app.kernel.errors import Invalid

pages = Blueprint("depositions", __name__, url_prefix="/depositions")
READERS = (Role.SCHEDULER, Role.ADMIN, Role.AUDITOR)
LONGEST_QUERY = 200


def filters(without: str = "") -> listing.Filters:
    """The list that the address asks for, or the same `without` one of its filters. Raises Invalid for a filter that
    cannot be read."""
    given = {name: value for name, value in request.args.items() if name != without}
    view, state, sort = given.get("view", listing.NEEDS), given.get("state") or None, given.get("sort", "")
    if view not in listing.VIEWS:
        raise Invalid("There is no such list. Choose one of the tabs.", code="filter.view")
    if state is not None and state not in {known.value for known in State}:
        raise Invalid("There is no such state. Choose one from the filter.", code="filter.state")
    if sort and sort.removeprefix("-") not in listing.SORTS:
        raise Invalid("The list cannot be sorted like that. Use the heads of its columns.", code="filter.sort")
    scope = me().scope(DEPOSITIONS)
    return listing.Filters(
        view=view,
        state=state if state in listing.STATES_OF[view] else None,
        organization_id=_number(given.get("organization"), "organization"),
        first=_day(given.get("from")),
        last=_day(given.get("to")),
        q="".join(c for c in given.get("q", "")[:LONGEST_QUERY] if c.isprintable()).strip(),
        reach=None if scope.everything else scope.organization_ids,
        zone=me().time_zone,
        tag=tags.tidy(given["tag"]) if given.get("tag", "").strip() else "",
        person=UNASSIGNED if given.get("with") == "nobody" else _number(given.get("with"), "person"),
        sort=sort,
    )


def _number(text: str | None, what: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid(f"There is no such {what}. Choose one from the filter.", code=f"filter.{what}")
    return int(text)


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2199:
        raise Invalid("Write the day as YYYY-MM-DD, for example 2026-11-24.", code="filter.day")
    return day


def args(f: listing.Filters) -> dict[str, Any]:
    """The address of a list, without what goes without saying."""
    args: dict[str, Any] = {
        "view": f.view if f.view != listing.NEEDS else None,
        "state": f.state,
        "organization": f.organization_id,
        "from": f.first.isoformat() if f.first else None,
        "to": f.last.isoformat() if f.last else None,
        "q": f.q or None,
        "tag": f.tag or None,
        "with": "nobody" if f.person == UNASSIGNED else f.person,
        "sort": f.order or None,
    }
    return {name: value for name, value in args.items() if value is not None}


def visible(id: int) -> DepositionDetail:
    """The deposition, for a user who may see it. Raises NotFound."""
    return detail.get(reading(), id, me().scope(DEPOSITIONS).where(Deposition.organization_id))


def actable(id: int) -> DepositionDetail:
    """The deposition, for a user who may change it. Raises NotFound, Denied."""
    deposition = visible(id)
    me().check(DEPOSITIONS, deposition.organization_id)
    return deposition
