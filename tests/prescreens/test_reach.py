"""What lies outside of somebody's reach is not found by any act of the desk, whatever the page looked at before."""

import inspect
from typing import Any
from uuid import UUID

import pytest

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import NotFound
from app.prescreens import actions
from app.prescreens.actions import questionnaires
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.reasons import Grounds
from tests.cast import Cast
from tests.prescreens.factories import prescreen, stored

OF_A_PRESCREEN: dict[str, dict[str, Any]] = {
    "approve": {"notes": None, "version": None},
    "ask": {"keys": ["budget"], "labels": [], "text": "Which?", "version": None},
    "assign": {"assignee": (1, "Somebody"), "former": None},
    "decide": {
        "verb": "approve",
        "notes": None,
        "grounds": Grounds(),
        "person_id": 1,
        "seconds": 60,
        "version": 1,
        "preview": "",
        "name": "Somebody",
        "url": "/",
    },
    "deny": {"notes": None, "version": None},
    "erase_prospect": {"reason": "They asked."},
    "export_prospect": {"reason": "They asked."},
    "look": {"choice": "approve", "person_id": 1, "version": None},
    "remind": {},
    "renew": {},
    "unassign": {"former": 1},
    "write_note": {"text": "Called.", "person_id": 1},
}
OF_A_QUESTIONNAIRE: dict[str, dict[str, Any]] = {
    "change_draft": {"change": lambda content: content},
    "delete_unused": {},
    "discard_draft": {},
    "publish": {"reason": "Because."},
    "rename": {"name": "Other"},
    "restore": {"number": 1, "reason": "Because."},
    "set_blind": {"blind": True},
    "set_open": {"is_open": False},
}
OF_OTHERS = {"answer_round", "erase_contact", "export_contact"}
"""Their own tests have them."""


def within_reach(module: Any) -> set[str]:
    """Acts of a module that are told how far somebody reaches."""
    public = ((name, each) for name, each in vars(module).items() if inspect.isfunction(each) and name[0] != "_")
    return {name for name, each in public if "reach" in inspect.signature(each).parameters}


def test_every_act_is_listed() -> None:
    assert within_reach(actions) == OF_A_PRESCREEN.keys() | OF_OTHERS
    assert within_reach(questionnaires) == OF_A_QUESTIONNAIRE.keys()


@pytest.mark.parametrize("beyond", ["another's", "nobody's"])
def test_nothing_beyond_it_is_found(database: Database, cast: Cast, beyond: str) -> None:
    id = prescreen(database, cast.marston.id)
    before = stored(database, id)
    at = {"reach": Reach((cast.harbor.id,) if beyond == "another's" else ()), "by": cast.actor("lars"), "now": now()}
    every: tuple[tuple[Any, UUID, dict[str, dict[str, Any]], dict[str, Any]], ...] = (
        (actions, id, OF_A_PRESCREEN, at),
        (questionnaires, before.workflow_template_id, OF_A_QUESTIONNAIRE, {**at, "revision": None}),
    )
    with database.write() as db:
        for module, item, acts, usual in every:
            for name, facts in acts.items():
                act = getattr(module, name)
                with pytest.raises(NotFound):
                    act(db, item, **facts, **usual)
    assert stored(database, id) == before
