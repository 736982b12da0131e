"""`desk person change-email`: as the page of the person does it, and safe to repeat."""

from app.accounts.models import Person
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.cli.running import Desk
from tests.outgoing import Outbox

NEW = "lena.ortiz@new.example.com"
CHANGE = ("person", "change-email", "Lena@example.com", NEW)
FACTS = {"before": "lena@example.com", "email": "lena@example.com", "changed": False}


def stored(database: Database, cast: Cast) -> Person:
    with database.read() as db:
        return db.get_one(Person, cast.lena.id)


def test_without_yes_it_only_says_what_comes_of_it(desk: Desk, cast: Cast, database: Database, outbox: Outbox) -> None:
    assert desk.json(*CHANGE) == FACTS
    assert "Nothing was changed: add --yes" in desk(*CHANGE).stdout
    assert (stored(database, cast).email, outbox.rows()) == ("lena@example.com", [])


def test_it_changes_it_and_may_be_repeated(desk: Desk, cast: Cast, database: Database, outbox: Outbox) -> None:
    assert desk.json(*CHANGE, "--yes") == {**FACTS, "email": NEW, "changed": True}
    assert [len(outbox.emails(each)) for each in ("lena@example.com", NEW)] == [1, 1]
    with database.read() as db:
        row = timeline(db, "person", cast.lena.id)[0]
    assert (row.kind, row.via) == ("person.address_changed", "cli")
    assert row.data == {"before": {"email": "lena@example.com"}, "after": {"email": NEW}}
    assert desk.json(*CHANGE, "--yes") == {**FACTS, "email": NEW}
    assert f"has the address {NEW} already" in desk(*CHANGE).stdout
    assert stored(database, cast).session_epoch == 1


def test_a_roster_follows(desk: Desk, cast: Cast) -> None:
    desk("person", "change-email", "ines@example.com", "ines@new.example.com", "--yes")
    assert "ines@new.example.com" in desk("manager", "list").stdout


def test_what_the_page_refuses_it_refuses_too(desk: Desk, cast: Cast, database: Database) -> None:
    for typed, why in (
        (("lena@example.com", "otto@example.com"), "Another account has this address"),
        (("lena@example.com", "LENA@example.com"), "the address of the account already"),
        (("lena@example.com", "x"), "not an e-mail address"),
        (("nobody@example.com", "somebody@example.com"), "No person has the address"),
    ):
        for more in ((), ("--yes",)):
            done = desk("person", "change-email", *typed, *more)
            assert (done.exit_code, why in done.stderr) == (1, True), typed
    assert stored(database, cast).email == "lena@example.com"
