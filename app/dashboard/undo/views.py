"""The bar of pending decisions that follows a user from page to page, and its page for use without scripts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Flask, Response, flash

from app.accounts.access import allow, me, signed_in
from app.dashboard.undo import actions, presentation, queries
from app.dashboard.undo.models import Decision, State
from app.dashboard.undo.presentation import BarEntry
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import has_target, respond, see_other

pages = Blueprint("holds", __name__, url_prefix="/holds")


class Bar:
    """The pending decisions of the user, read when a template shows them: fragments do not, and cost nothing."""

    def __init__(self) -> None:
        self._lines: Sequence[BarEntry] | None = None

    def __iter__(self) -> Iterator[BarEntry]:
        if self._lines is None:
            person = signed_in()
            self._lines = _lines(reading(), person.id) if person and person.desks else []
        return iter(self._lines)

    def __bool__(self) -> bool:
        return any(True for _ in self)


def install(app: Flask) -> None:
    """Puts `pending` into every template."""
    app.context_processor(lambda: {"pending": Bar(), "undone": ""})


def _lines(db: Db, person_id: int) -> list[BarEntry]:
    return presentation.bar(queries.on_bar(db, person_id), clock.now())


@pages.get("", endpoint="list")
@allow()
def list_() -> Response:
    """The user's pending decisions, and how the last ones ended."""
    now = clock.now()
    return respond(
        "dashboard/pending_decisions.html",
        "dashboard/_pending_decisions.html",
        "holds",
        recent=[_recent(decision, now) for decision in queries.recent(reading(), me().id)],
        zone=me().time_zone,
    )


@pages.post("/<uuid:id>/undo")
@allow()
def undo(id: UUID) -> Response:
    """Takes back a press that is not final yet."""
    DeskForm().check()
    decision = actions.undo(db(), id, me().id, by=me().actor(), now=clock.now())
    return _answer(presentation.undone(decision), decision)


@pages.post("/<uuid:id>/read")
@allow()
def read(id: UUID) -> Response:
    """Takes a decision that did not become final off the user's bar."""
    DeskForm().check()
    return _answer("", actions.read(db(), id, me().id))


def _answer(sentence: str, decision: Decision) -> Response:
    """The bar as it is now where it was pressed, so that nothing typed on that page is lost; else the thing's page."""
    if has_target("holds"):
        return respond(
            "dashboard/_pending_decisions.html", pending=_lines(db(), me().id), undone=sentence, undone_url=decision.url
        )
    if sentence:
        flash(sentence, "good")
    return see_other(decision.url)


@dataclass(frozen=True, slots=True)
class Recent:
    """A line of the page: how one of the user's last decisions ended."""

    icon: str
    text: str
    small: str
    at: datetime
    tone: str
    url: str


ENDINGS = {
    State.PENDING: ("hourglass", "pending, can be undone", ""),
    State.FINAL: ("circle-check", "final", "good"),
    State.UNDONE: ("undo-2", "undone, nothing was written", ""),
    State.OVERTAKEN: ("circle-alert", "overtaken, not written", "warn"),
    State.RETURNED: ("circle-alert", "not written", "warn"),
}


def _recent(decision: Decision, now: datetime) -> Recent:
    icon, ended, tone = ENDINGS[State(decision.state)]
    if presentation.is_final(decision, now):
        ended = "final, being carried out"
    noun = presentation.VERBS[decision.kind].noun.capitalize()
    at = decision.ended_at or decision.pressed_at
    return Recent(icon, f"{noun} of {decision.name}: {ended}", decision.why or "", at, tone, decision.url)
