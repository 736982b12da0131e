"""My work today, and one search over every desk a person has."""

from flask import Blueprint, Response, request

from app.accounts.access import allow, me
from app.home import my_work, overview
from app.home import search as searching
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.web.htmx import respond

pages = Blueprint("home", __name__)

LONGEST_QUERY = 200


@pages.get("/", endpoint="overview")
@allow()
def my_work_today() -> Response:
    """What is with this person, what they manage today, and what waits at each desk, the pressing first."""
    now, person = clock.now(), me()
    shown = [
        {"desk": desk, "lanes": [lane for lane in desk.lanes(db(), person, person.scope(desk.name), now) if lane.count]}
        for desk in overview.of(person)
    ]
    return respond(
        "home/overview.html",
        shown=shown,
        untold=overview.told_nobody(db(), person),
        with_me=my_work.with_me(db(), person, now),
        today=my_work.managed_today(db(), person, now),
        now=now,
    )


@pages.get("/search")
@allow()
def search() -> Response:
    """Finds over every desk by name, case, address or number, the best first."""
    typed = _typed()
    only, page = request.args.get("desk", ""), request.args.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 4 else 1
    found = searching.look(db(), me(), typed, clock.now(), only, number) if typed else None
    return respond("home/search.html", q=typed, found=found, only=only, most=searching.MOST, marked=searching.marked)


@pages.get("/palette")
@allow()
def palette() -> Response:
    """What the palette offers for what was typed so far: a piece of its list."""
    typed = _typed()
    offers = searching.offers(db(), me(), typed, clock.now())
    return respond("home/_palette.html", q=typed, offers=offers, marked=searching.marked)


def _typed() -> str:
    return "".join(c for c in request.args.get("q", "")[:LONGEST_QUERY] if c.isprintable()).strip()
