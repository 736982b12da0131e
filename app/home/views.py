"""My work today, and one search over every desk a person has."""

from flask import Blueprint, Response, request

from app.accounts.access import allow, me
from app.home import desks, mine
from app.home.search import search as look
from app.kernel import clock
from app.kernel.htmx import respond
from app.kernel.transaction import db

pages = Blueprint("home", __name__)

LONGEST_QUERY = 200


@pages.get("/")
@allow()
def overview() -> Response:
    """What is with this person, what they manage today, and what waits at each desk, the pressing first."""
    now, person = clock.now(), me()
    shown = [
        {"desk": desk, "lanes": [lane for lane in desk.lanes(db(), person, person.scope(desk.name), now) if lane.count]}
        for desk in desks.of(person)
    ]
    return respond(
        "home/overview.html",
        shown=shown,
        stuck=desks.stuck(db(), person),
        with_me=mine.with_me(db(), person, now),
        today=mine.managed_today(db(), person, now),
        now=now,
    )


@pages.get("/search")
@allow()
def search() -> Response:
    """Finds by name, case, e-mail or number. Each desk shows its first few."""
    typed = "".join(c for c in request.args.get("q", "")[:LONGEST_QUERY] if c.isprintable()).strip()
    found = look(db(), me(), typed, clock.now()) if typed else []
    return respond("home/search.html", q=typed, found=found)
