"""docs/states.md is drawn from the transition tables, and the tables know every state."""

import pytest

from app.depositions.models import State
from app.depositions.rules import transitions as depositions
from app.inspections import rules as inspections
from app.inspections.models import Status
from app.prescreens.rules import review as prescreens
from tools import states


def test_the_page_is_fresh() -> None:
    assert states.FILE.read_text() == states.page(), "Stale: run `./dev generate`."


@pytest.mark.parametrize(
    ("transitions", "timed"),
    [
        (depositions.TRANSITIONS, {}),
        (prescreens.TRANSITIONS, prescreens.TIMED_TRANSITIONS),
        (inspections.TRANSITIONS, inspections.TIMED_TRANSITIONS),
    ],
)
def test_every_target_is_a_state_of_the_table(transitions: dict[str, dict[str, str]], timed: dict[str, str]) -> None:
    targets = {target for verbs in transitions.values() for target in verbs.values()} | set(timed.values())
    assert targets <= transitions.keys()
    assert timed.keys() <= transitions.keys()


def test_the_tables_know_every_stored_state() -> None:
    assert depositions.TRANSITIONS.keys() == {state.value for state in State}
    assert inspections.TRANSITIONS.keys() == {status.value for status in Status}
