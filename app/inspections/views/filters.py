"""The list that an address asks for, and the address of a list."""

from datetime import date
from typing import Any

from flask import request

from app.accounts.access import me
from app.accounts.roles import INSPECTIONS
from app.accounts.rules import LOCALES
from app.dashboard import tags
from app.dashboard.assignees import UNASSIGNED
from app.inspections.queries import listing
from app.kernel.api.routing import as_uuid
from app.kernel.errors import Invalid, NotFound

LONGEST_QUERY = 200


def filters(without: str = "") -> listing.Filters:
    """The list that the address asks for, or the same `without` one of its filters.

    Raises Invalid for a filter that cannot be read: a list is never silently unfiltered.
    """
    given = {name: text.strip() for name, text in request.args.items() if name != without and text.strip()}
    view, language, sort = given.get("view", listing.NOW), given.get("language", ""), given.get("sort", "")
    if view not in listing.VIEWS:
        raise Invalid("There is no such list. Choose one of the tabs.", code="filter.view")
    if language and language not in LOCALES:
        raise Invalid("This language is not one of the 14. Choose one from the filter.", code="filter.language")
    if sort and sort.removeprefix("-") not in listing.SORTS:
        raise Invalid("The list cannot be sorted like that. Use the heads of its columns.", code="filter.sort")
    scope = me().scope(INSPECTIONS)
    return listing.Filters(
        view=view,
        campaign=_campaign(given.get("campaign")),
        language=language,
        operator=_person(given.get("operator")),
        person=UNASSIGNED if given.get("with") == "nobody" else _person(given.get("with")),
        organization_id=_number(given.get("organization"), "organization"),
        first=_day(given.get("from")),
        last=_day(given.get("to")),
        q="".join(c for c in given.get("q", "")[:LONGEST_QUERY] if c.isprintable()).strip(),
        tag=tags.tidy(given["tag"]) if "tag" in given else "",
        reach=None if scope.everything else scope.organization_ids,
        zone=me().time_zone,
        sort=sort,
    )


def args(f: listing.Filters) -> dict[str, Any]:
    """The address of a list, without what goes without saying."""
    said: dict[str, Any] = {
        "view": f.view if f.view != listing.NOW else None,
        "campaign": str(f.campaign) if f.campaign else None,
        "language": f.language or None,
        "operator": person_word(f.operator) or None,
        "with": person_word(f.person) or None,
        "organization": f.organization_id,
        "from": f.first.isoformat() if f.first else None,
        "to": f.last.isoformat() if f.last else None,
        "tag": f.tag or None,
        "q": f.q or None,
        "sort": f.order or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def here() -> dict[str, Any]:
    """The address of the list that this page came from."""
    return args(filters())


def person_word(id: int | None) -> str:
    """How an address names a person: `me`, so that a shared view means whoever opens it; `nobody`; else the number."""
    if id is None:
        return ""
    return {UNASSIGNED: "nobody", me().id: "me"}.get(id, str(id))


def _person(text: str | None) -> int | None:
    return me().id if text == "me" else _number(text, "person")


def _number(text: str | None, what: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        raise Invalid(f"There is no such {what}. Choose one from the filter.", code=f"filter.{what}")
    return int(text)


def _campaign(text: str | None) -> Any:
    if not text:
        return None
    try:
        return as_uuid(text)
    except NotFound:
        raise Invalid("There is no such campaign. Choose one from the filter.", code="filter.campaign") from None


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
