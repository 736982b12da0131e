"""My work today, and one search over all desks of a user."""

from typing import NamedTuple

from flask import Blueprint, Response, request, url_for

from app.accounts.access import allow, me
from app.dashboard.desk import Desk, WaitingWork
from app.dashboard.overview import Phrase
from app.home import my_work, overview
from app.home import search as searching
from app.home.first_steps import first_steps
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.text import normalization
from app.kernel.web.arguments import Arguments
from app.kernel.web.htmx import respond

pages = Blueprint("home", __name__)

LONGEST_QUERY = 200


class DeskWork(NamedTuple):
    """What waits at one desk, as a sentence."""

    desk: Desk
    waiting: list[Phrase]


@pages.get("/", endpoint="overview")
@allow()
def my_work_today() -> Response:
    """What is assigned to this user, what they manage today, and what waits at each desk, the most urgent first."""
    now, user = clock.now(), me()
    shown = [
        DeskWork(
            desk,
            [_phrase(desk, work) for work in desk.waiting_work(db(), user, user.scope(desk.name), now) if work.count],
        )
        for desk in overview.desks_of(user)
    ]
    return respond(
        "home/overview.html",
        shown=shown,
        steps=first_steps(db(), user),
        undelivered=overview.undelivered(db(), user),
        assigned=my_work.assigned_to(db(), user, now),
        today=my_work.managed_today(db(), user, now),
        now=now,
    )


def _phrase(desk: Desk, work: WaitingWork) -> Phrase:
    arguments: Arguments = dict(work.arguments)
    return Phrase(f"{work.count:,}", work.label, url=url_for(desk.list_endpoint, **arguments), tone=work.tone)


@pages.get("/search")
@allow()
def search() -> Response:
    """Search results over all desks by name, case, address or number, the best first."""
    typed = _typed()
    only, page = request.args.get("desk", ""), request.args.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1
    found = searching.search_desks(db(), me(), typed, clock.now(), only, number) if typed else None
    return respond("home/search.html", q=typed, found=found, only=only, most=searching.MOST, marked=searching.marked)


@pages.get("/palette")
@allow()
def palette() -> Response:
    """Offers of the palette for the text typed so far, as a fragment."""
    typed = _typed()
    offers = searching.offers(db(), me(), typed, clock.now())
    return respond("home/_palette.html", q=typed, offers=offers, marked=searching.marked)


def _typed() -> str:
    return normalization.query(request.args.get("q", ""), LONGEST_QUERY)
