"""The bar that follows a person from page to page, and the page it stands on without scripts."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, flash

from app.accounts.access import allow, me, signed_in
from app.dashboard.undo import actions, presentation, queries
from app.dashboard.undo.models import State
from app.dashboard.undo.presentation import Line
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import has_target, respond, see_other

pages = Blueprint("holds", __name__, url_prefix="/holds")


class Bar:
    """What the signed-in person has on hold, asked for when a template shows it: fragments do not, and pay nothing."""

    def __init__(self) -> None:
        self._lines: Sequence[Line] | None = None

    def __iter__(self) -> Iterator[Line]:
        if self._lines is None:
            person = signed_in()
            self._lines = _lines(reading(), person.id) if person and person.desks else []
        return iter(self._lines)

    def __bool__(self) -> bool:
        return any(True for _ in self)


def install(app: Flask) -> None:
    """Puts `held` into every template."""
    app.context_processor(lambda: {"held": Bar(), "said": ""})


def _lines(db: Db, person_id: int) -> list[Line]:
    return presentation.bar(queries.on_bar(db, person_id), clock.now())


@pages.get("", endpoint="list")
@allow()
def list_() -> Response:
    """One's own decisions on hold, and how the last ones ended."""
    now = clock.now()
    return respond(
        "dashboard/holds.html",
        "dashboard/_holds.html",
        "holds",
        lately=[_lately(hold, now) for hold in queries.lately(reading(), me().id)],
        zone=me().time_zone,
    )


@pages.post("/<uuid:id>/undo")
@allow()
def undo(id: UUID) -> Response:
    """Takes back a press that is not final yet."""
    DeskForm().check()
    hold = actions.undo(db(), id, me().id, by=me().actor(), now=clock.now())
    return _answer(presentation.undone(hold), hold)


@pages.post("/<uuid:id>/read")
@allow()
def read(id: UUID) -> Response:
    """Takes what did not become final off one's bar."""
    DeskForm().check()
    return _answer("", actions.read(db(), id, me().id))


def _answer(said: str, hold: Any) -> Response:
    """The bar as it is now where it was pressed, so that nothing typed on that page is lost; else the thing's page."""
    if has_target("holds"):
        return respond("dashboard/_holds.html", held=_lines(db(), me().id), said=said, said_url=hold.url)
    if said:
        flash(said, "good")
    return see_other(hold.url)


ENDINGS = {
    State.HELD: ("hourglass", "on hold", ""),
    State.FINAL: ("circle-check", "final", "good"),
    State.UNDONE: ("undo-2", "undone, nothing was written", ""),
    State.OVERTAKEN: ("circle-alert", "overtaken, not written", "warn"),
    State.RETURNED: ("circle-alert", "not written", "warn"),
}


def _lately(hold: Any, now: Any) -> dict[str, Any]:
    icon, ended, tone = ENDINGS[State(hold.state)]
    if presentation.lapsed(hold, now):
        ended = "final, being written down"
    verb = presentation.VERBS[hold.kind].noun.capitalize()
    return {
        "icon": icon,
        "text": f"{verb} of {hold.name}: {ended}",
        "small": hold.why or "",
        "at": hold.ended_at or hold.pressed_at,
        "tone": tone,
        "url": hold.url,
    }
