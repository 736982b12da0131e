"""The navigation beside every page: the desks a person has, each with a true count of what waits."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, request, url_for

from app.accounts.access import Me, signed_in
from app.accounts.roles import AUDIT, READERS
from app.home import overview
from app.kernel import clock
from app.kernel.db.transaction import reading

KEEPING = ("accounts.people", "accounts.organizations", "accounts.keys")


class Groups:
    """The groups of links, worked out when a template asks: fragments never do, and pay nothing."""

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if self._found is None:
            person = signed_in()
            self._found = groups(person) if person else []
        return iter(self._found)


def install(app: Flask) -> None:
    app.context_processor(lambda: {"desks": Groups()})


def groups(person: Me) -> list[dict[str, Any]]:
    """Titles and links for a person. Counts are read outside the request's transaction."""
    found = [{"title": desk.title, "links": _links(desk, person)} for desk in overview.of(person)]
    house = [_link("My work today", "house", "home.overview")]
    if overview.of(person):
        house.append(_link("Deliveries", "send", "deliveries.list"))
    if person.roles & READERS[AUDIT]:
        house.append(_link("Audit", "scroll-text", "audit.list"))
    if person.administers:
        house.append(_link("People and keys", "users", "accounts.people", KEEPING))
    return [*found, {"title": "House", "links": house}]


def _links(desk: overview.Desk, person: Me) -> list[dict[str, Any]]:
    waiting = desk.waiting(reading(), person.scope(desk.name), clock.now())
    first = {**_link(desk.label, desk.icon, desk.endpoint), "count": waiting, "tone": desk.tone if waiting else ""}
    return [first, *(_link(label, icon, endpoint) for label, icon, endpoint in desk.also)]


def _link(label: str, icon: str, endpoint: str, same: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "label": label,
        "icon": icon,
        "url": url_for(endpoint),
        "count": 0,
        "tone": "",
        "waiting_word": "waiting",
        "current": request.endpoint == endpoint or request.endpoint in same,
    }
