"""Whatever an organization's system asks for is done to its own sessions, and another's is not found."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from app.depositions import actions
from app.depositions.actions.change_session import SessionChange
from app.depositions.rules.new_request import parse_start
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import NotFound
from tests.cast import Cast
from tests.depositions import factories
from tests.depositions.pages import stored

LATER = parse_start("2037-03-17", "09:00 AM", "UTC")
ACTS: dict[str, Callable[..., Any]] = {
    "change_session": lambda db, id, **by: actions.change_session(db, id, SessionChange(start=LATER), **by),
    "move": lambda db, id, **by: actions.move(db, id, actions.Move(LATER, 1.0), **by),
    "request_cancellation": actions.request_cancellation,
    "withdraw": lambda db, id, **by: actions.withdraw(db, id, notify=False, **by),
}


def test_every_act_is_listed() -> None:
    wanted = {"deposition_id", "organization_id"}
    known = {name: act for name, act in vars(actions).items() if inspect.isfunction(act)}
    found = {name for name, act in known.items() if wanted <= inspect.signature(act).parameters.keys()}
    assert found == ACTS.keys()


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", ["initial", "scheduled", "ready"])
def test_anothers_is_not_found(database: Database, cast: Cast, act: str, state: str) -> None:
    made = factories.in_state(database, cast, state)
    by = {"by": cast.actor("abel"), "now": now(), "organization_id": cast.harbor.id}
    with database.write() as db, pytest.raises(NotFound):
        ACTS[act](db, made.id, **by)
    assert stored(database, made.id) == made
