"""`desk person reset-factors`: for somebody who lost phone and codes, and for the last administrator who did."""

from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.accounts.factors import give_app, has_factor
from tests.cast import Cast
from tests.cli.running import Desk
from tests.outgoing import Outbox


def test_it_takes_them_and_says_so(desk: Desk, cast: Cast, database: Database, outbox: Outbox) -> None:
    give_app(database, cast, "hugo")
    done = desk.json("person", "reset-factors", "Hugo@example.com")
    assert done == {"email": "hugo@example.com", "changed": True}
    assert not has_factor(database, cast, "hugo")
    assert "Session Desk removed" in outbox.emails("hugo@example.com")[-1]["text"]
    with database.read() as db:
        assert timeline(db, "person", cast.hugo.id)[0].actor_kind == "cli"


def test_a_repeat_changes_nothing(desk: Desk, cast: Cast) -> None:
    assert desk.json("person", "reset-factors", "hugo@example.com")["changed"] is False
    assert "already" in desk("person", "reset-factors", "hugo@example.com").stdout


def test_nobody_of_that_address(desk: Desk, cast: Cast) -> None:
    done = desk("person", "reset-factors", "nobody@example.com")
    assert done.exit_code == 1
    assert "No person has the address" in done.stderr
