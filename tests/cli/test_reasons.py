"""`desk reasons`: listed and changed, twice the same changes nothing."""

from sqlalchemy import select

from app.kernel.changes.events import Event
from app.kernel.db.engine import Database
from app.prescreens.rules.reasons import STANDARD
from tests.cast import Cast
from tests.cli.running import Desk

AT = ("--organization", "marston")


def test_listed_and_changed(desk: Desk, database: Database, cast: Cast) -> None:
    assert desk.json("reasons", "list", *AT)["reasons"] == list(STANDARD)
    for changed in (True, False):
        assert desk.json("reasons", "change", *AT, "Budget", "Pets")["changed"] is changed
    assert desk.json("reasons", "list", *AT)["reasons"] == ["Budget", "Pets"]
    with database.read() as db:
        (event,) = db.scalars(select(Event).where(Event.kind == "denial_reasons.changed"))
    assert (event.actor_name, event.data["after"]) == ("desk command", ["Budget", "Pets"])


def test_a_list_that_cannot_be(desk: Desk, cast: Cast) -> None:
    refused = desk("reasons", "change", *AT, "Pets", "pets")
    assert refused.exit_code == 1
    assert "Two of these reasons are the same. Nothing was saved." in refused.output
