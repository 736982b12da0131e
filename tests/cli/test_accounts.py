"""`desk person` and `desk organization` on the second day: who there is, other roles, an account that ends."""

import pytest

from app.accounts.models import Person
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.cli.running import Desk
from tests.outgoing import Outbox

ADAM = "adam@example.com"


def of(database: Database, cast: Cast, called: str = "adam") -> Person:
    with database.read() as db:
        found = db.get(Person, getattr(cast, called).id)
        assert found is not None
        return found


def test_people_are_listed_with_their_roles(desk: Desk, cast: Cast) -> None:
    people = desk.json("person", "list")["people"]
    adam = next(each for each in people if each["email"] == ADAM)
    assert adam["roles"] == [{"role": "admin", "organization": "marston"}]
    assert (adam["state"], adam["second_factor"]) == ("active", False)
    assert desk.json("person", "show", "Adam@Example.com") == adam
    assert f"<{ADAM}>: admin (marston)" in desk("person", "list").stdout


def test_the_list_is_narrowed_by_role_and_organization(desk: Desk, cast: Cast) -> None:
    def listed(*given: str) -> set[str]:
        return {each["email"] for each in desk.json("person", "list", *given)["people"]}

    assert ADAM in listed("--organization", "marston", "--role", "admin") < listed("--organization", "marston")
    assert "hugo@example.com" in listed("--role", "admin") - listed("--organization", "marston")
    assert desk("person", "list", "--organization", "nobody").exit_code == 1


def test_disabling_says_what_ends_before_it_does(desk: Desk, cast: Cast, database: Database) -> None:
    asked = desk.json("person", "disable", ADAM)
    assert (asked["disabled"], asked["changed"]) == (False, False)
    assert of(database, cast).disabled_at is None
    assert desk.json("person", "disable", ADAM, "--yes")["changed"] is True
    assert of(database, cast).disabled_at is not None
    assert desk.json("person", "disable", ADAM, "--yes")["changed"] is False
    assert desk.json("person", "enable", ADAM)["changed"] is True
    assert desk.json("person", "enable", ADAM)["changed"] is False
    assert of(database, cast).disabled_at is None
    with database.read() as db:
        rows = timeline(db, "person", cast.adam.id)
    assert [(row.kind, row.actor_kind) for row in rows[:2]] == [("person.enabled", "cli"), ("person.disabled", "cli")]


def test_a_role_is_given_and_taken_once(desk: Desk, cast: Cast, database: Database) -> None:
    role = ("--role", "operator", "--organization", "marston")
    assert [desk.json("person", "give-role", ADAM, *role)["changed"] for _ in range(2)] == [True, False]
    assert "is inspection operator for Marston" in desk("person", "give-role", ADAM, *role).stdout
    before = desk.json("person", "show", ADAM)["roles"]
    assert {"role": "operator", "organization": "marston"} in before
    assert [desk.json("person", "take-role", ADAM, *role)["changed"] for _ in range(2)] == [True, False]
    assert desk.json("person", "show", ADAM)["roles"] == [each for each in before if each["role"] != "operator"]
    with database.read() as db:
        kinds = [row.kind for row in timeline(db, "person", cast.adam.id)]
    assert kinds[:2] == ["person.role_taken", "person.role_given"]


def test_a_role_holds_in_one_place(desk: Desk, cast: Cast) -> None:
    """The same role elsewhere is another one."""
    assert desk.json("person", "take-role", ADAM, "--role", "admin", "--staff")["changed"] is False
    assert desk.json("person", "show", ADAM)["roles"] == [{"role": "admin", "organization": "marston"}]
    for place in ((), ("--staff", "--organization", "marston")):
        assert desk("person", "give-role", ADAM, "--role", "admin", *place).exit_code == 2


@pytest.mark.parametrize("verb", ["show", "disable", "enable", "invite-again"])
def test_nobody_of_that_address(desk: Desk, cast: Cast, verb: str) -> None:
    done = desk("person", verb, "nobody@example.com")
    assert (done.exit_code, "No person has the address" in done.stderr) == (1, True)


def test_an_invitation_is_sent_again_until_it_is_accepted(desk: Desk, cast: Cast, outbox: Outbox) -> None:
    new = "new@example.com"
    desk("person", "create", "--email", new, "--name", "New", "--role", "operator", "--organization", "marston")
    assert desk.json("person", "show", new)["state"] == "invited"
    assert desk("person", "invite-again", new).exit_code == 0
    assert len(outbox.emails(new)) == 2
    accepted = desk("person", "invite-again", ADAM)
    assert (accepted.exit_code, "already accepted" in accepted.stderr) == (1, True)


def test_organizations_are_listed(desk: Desk, cast: Cast) -> None:
    listed = desk.json("organization", "list")
    assert "marston" in [each["slug"] for each in listed["organizations"]]
    assert listed["more"] is False
    assert [each["slug"] for each in desk.json("organization", "list", "--text", "marst")["organizations"]] == [
        "marston"
    ]
    assert "marston: " in desk("organization", "list").stdout
