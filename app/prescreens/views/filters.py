"""What the pages of this room share: the blueprint, the list that an address asks for, and one row of it."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, request

from app.accounts.access import me
from app.accounts.roles import PRESCREENS, Role
from app.dashboard import tags
from app.dashboard.assignees import UNASSIGNED
from app.kernel.db.transaction import reading
from app.kernel.errors import BadRequest, NotFound
from app.prescreens.queries import detail, listing
from app.prescreens.queries.counts import reach_of
from app.prescreens.queries.stages import Reach

pages = Blueprint("prescreens", __name__, url_prefix="/prescreens")

STAFF = (Role.LEASING_AGENT, Role.ADMIN, Role.AUDITOR)
LONGEST_TEXT = 100


def filters(without: str = "") -> listing.Filters:
    """The list that the address asks for, or the same `without` one of its filters. Raises BadRequest when there is no
    such list."""
    given = {name: value for name, value in request.args.items() if name != without}
    state, left, sort = given.get("state") or listing.WAITING, _number(given.get("left")), given.get("sort", "")
    if (
        state not in listing.STATES
        or left not in (None, *listing.LEFT)
        or sort.removeprefix("-") not in ("", *listing.SORTS)
    ):
        raise _unknown()
    scope = me().scope(PRESCREENS)
    return listing.Filters(
        state=state,
        left=left if state == listing.WAITING else None,
        organization_id=_number(given.get("organization")),
        template_id=_id(given.get("template")),
        first=_day(given.get("from")),
        last=_day(given.get("to")),
        q="".join(c for c in given.get("q", "")[:LONGEST_TEXT] if c.isprintable()).strip(),
        reach=None if scope.everything else scope.organization_ids,
        zone=me().time_zone,
        tag=tags.tidy(given["tag"]) if given.get("tag", "").strip() else "",
        person=UNASSIGNED if given.get("with") == "nobody" else _number(given.get("with")),
        sort=sort,
    )


def args(f: listing.Filters) -> dict[str, Any]:
    """The address of a list, without what goes without saying."""
    asked: dict[str, Any] = {
        "state": f.state if f.state != listing.WAITING else None,
        "left": f.left,
        "organization": f.organization_id,
        "template": str(f.template_id) if f.template_id else None,
        "from": f.first.isoformat() if f.first else None,
        "to": f.last.isoformat() if f.last else None,
        "q": f.q or None,
        "tag": f.tag or None,
        "with": "nobody" if f.person == UNASSIGNED else f.person,
        "sort": f.order or None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _number(value: str | None) -> int | None:
    if value and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise _unknown()
    return int(value) if value else None


def _id(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        raise _unknown() from None


def _day(value: str | None) -> date | None:
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise _unknown() from None
    if not 1900 <= day.year <= 2199:
        raise _unknown()
    return day


def _unknown() -> BadRequest:
    return BadRequest("This address asks for a view that does not exist. Start again from the list of prescreens.")


def find(id: UUID) -> Any:
    """The prescreen, if it is within this person's reach. Raises NotFound."""
    row = detail.get(reading(), id, reach_of(me().scope(PRESCREENS)))
    if row is None:
        raise NotFound("There is no such prescreen, or it belongs to an organization that is not yours.")
    return row


def mine() -> Reach:
    """Whose prescreens this person may act on."""
    return reach_of(me().scope(PRESCREENS, write=True))
