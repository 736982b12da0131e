"""The navigation beside every page: the desks of a user, each with a true count of what waits."""

from dataclasses import dataclass, replace

from flask import Flask, request, url_for

from app.accounts.access import Me, signed_in
from app.accounts.roles import AUDIT, READERS
from app.dashboard.desk import Desk
from app.home.overview import desks_of
from app.kernel import clock
from app.kernel.db.transaction import reading

ADMINISTRATION = ("accounts.people", "accounts.organizations", "accounts.keys")
"""Pages that one link stands for."""


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """One link, with the number of things that wait behind it."""

    label: str
    icon: str
    url: str
    current: str
    """What aria-current says: "page" for the page itself, "true" for one that belongs to it, as an item to its list."""
    count: int = 0
    tone: str = ""
    waiting_word: str = "waiting"


@dataclass(frozen=True, slots=True)
class Group:
    """Links under one heading."""

    title: str
    links: tuple[NavigationLink, ...]


def install(app: Flask) -> None:
    """Gives templates `desks()`, the navigation of the user: fragments never ask for it, and pay nothing."""
    app.jinja_env.globals["desks"] = _groups


def _groups() -> tuple[Group, ...]:
    user = signed_in()
    return tuple(groups(user)) if user else ()


def groups(user: Me) -> list[Group]:
    """The links of a user. Counts are read outside the request's transaction."""
    mine = desks_of(user)
    general = [_link("My work today", "house", "home.overview")]
    if mine:
        general.append(_link("Messages", "send", "messages.list", ("messages.detail",)))
    if user.roles & READERS[AUDIT]:
        general.append(_link("Audit", "scroll-text", "audit.list"))
    if user.administers:
        general.append(_link("People and keys", "users", "accounts.people", ADMINISTRATION))
    return _placed([*(Group(desk.title, _links(desk, user)) for desk in mine), Group("General", tuple(general))])


def _placed(found: list[Group]) -> list[Group]:
    """The same groups. Where no link knows the page, it belongs to the one whose address begins its own, as a form does
    to its list."""
    links = [link for group in found for link in group.links]
    if any(link.current for link in links):
        return found
    homes = {link.url: link for link in links}
    if administration := homes.get(url_for(ADMINISTRATION[0])):
        homes |= dict.fromkeys(map(url_for, ADMINISTRATION), administration)
    path = request.script_root + request.path
    above = max((url for url in homes if path.startswith(f"{url}/")), key=len, default=None)
    if above is None:
        return found
    here = homes[above]
    return [
        Group(each.title, tuple(replace(link, current="true") if link is here else link for link in each.links))
        for each in found
    ]


def _links(desk: Desk, user: Me) -> tuple[NavigationLink, ...]:
    waiting = desk.waiting(reading(), user.scope(desk.name), clock.now())
    main = NavigationLink(
        desk.list_label,
        desk.icon,
        url_for(desk.list_endpoint),
        _current(desk.list_endpoint, (f"{desk.name}.detail",)),
        waiting,
        desk.waiting_tone if waiting else "",
    )
    everything = user.scope(desk.name).everything
    further = (
        link
        for link in desk.further_links
        if (everything or not link.staff) and (not link.access or user.may(link.access, write=False))
    )
    return (main, *(_link(link.label, link.icon, link.endpoint, link.alike) for link in further))


def _current(endpoint: str, alike: tuple[str, ...] = ()) -> str:
    """What aria-current says of a link to this endpoint. That of an item of `.questionnaires` is `.questionnaire`."""
    if request.endpoint == endpoint:
        return "page"
    return "true" if request.endpoint in (*alike, endpoint.removesuffix("s")) else ""


def _link(label: str, icon: str, endpoint: str, alike: tuple[str, ...] = ()) -> NavigationLink:
    return NavigationLink(label, icon, url_for(endpoint), _current(endpoint, alike))
