"""`desk person create`: with a password or an invitation, safe to repeat."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Membership, Person
from app.kernel.db.engine import Database
from tests.accounts.browser import sign_in
from tests.cli.running import Desk
from tests.outgoing import Outbox

PASSWORD = "a ladder of seven rungs"
CREATE = ("person", "create", "--email", "Ines@example.com", "--name", "Ines Moreau")


@pytest.fixture(autouse=True)
def marston(desk: Desk) -> None:
    desk("organization", "create", "--name", "Marston", "--slug", "marston")


def test_creates_staff_who_can_sign_in(desk: Desk, client: FlaskClient) -> None:
    made = desk.json(*CREATE, "--role", "scheduler", "--staff", "--password-stdin", typed=f"{PASSWORD}\n")
    assert made == {
        "email": "ines@example.com",
        "name": "Ines Moreau",
        "role": "scheduler",
        "roles": ["scheduler"],
        "organization": None,
        "created": True,
    }
    assert sign_in(client, "ines@example.com", PASSWORD).status_code == 303


def test_creates_people_of_an_organization(desk: Desk, database: Database) -> None:
    desk(
        *CREATE,
        "--role",
        "operator",
        "--role",
        "admin",
        "--organization",
        "marston",
        "--password-stdin",
        typed=PASSWORD,
    )
    with database.read() as db:
        found = db.scalars(select(Membership).order_by(Membership.id)).all()
    assert [(each.role, each.organization_id is not None) for each in found] == [("operator", True), ("admin", True)]


def test_without_a_password_an_invitation_goes_out(desk: Desk, outbox: Outbox, database: Database) -> None:
    assert desk.json(*CREATE, "--role", "auditor", "--staff")["created"] is True
    (email,) = outbox.emails("ines@example.com")
    assert "/invitation/" in email["text"]
    with database.read() as db:
        assert db.scalars(select(Person)).one().password_hash is None


def test_a_repeat_with_the_same_facts_says_so(desk: Desk) -> None:
    create = (*CREATE, "--role", "scheduler", "--staff", "--password-stdin")
    desk(*create, typed=PASSWORD)
    assert desk.json(*create, typed=PASSWORD)["created"] is False


@pytest.mark.parametrize(
    "arguments,typed,named",
    [
        (("--role", "scheduler", "--staff", "--name", "Ina Moreau"), PASSWORD, "name"),
        (("--role", "auditor", "--staff"), PASSWORD, "role"),
        (("--role", "scheduler", "--organization", "marston"), PASSWORD, "role"),
        (("--role", "scheduler", "--staff"), "another long password", "password"),
        (("--role", "scheduler", "--staff", "--time-zone", "Asia/Tokyo"), PASSWORD, "time zone"),
    ],
)
def test_a_repeat_with_other_facts_is_an_error(desk: Desk, arguments: tuple[str, ...], typed: str, named: str) -> None:
    desk(*CREATE, "--role", "scheduler", "--staff", "--password-stdin", typed=PASSWORD)
    done = desk(*CREATE, *arguments, "--password-stdin", typed=typed)
    assert done.exit_code == 1
    assert f"with another {named}" in done.stderr
    assert PASSWORD not in done.output


def test_weak_passwords_are_refused(desk: Desk, database: Database) -> None:
    for weak in ("short", "aaaaaaaaaaaaaa", "ines@example.com", "", "x" * 201):
        done = desk(*CREATE, "--role", "scheduler", "--staff", "--password-stdin", typed=weak)
        assert done.exit_code == 1, weak
        assert not weak or weak not in done.output
    with database.read() as db:
        assert db.scalars(select(Person)).all() == []


def test_somebody_must_belong_somewhere(desk: Desk) -> None:
    assert desk(*CREATE, "--role", "admin").exit_code == 2
    assert desk(*CREATE, "--role", "admin", "--staff", "--organization", "marston").exit_code == 2
    assert desk(*CREATE, "--role", "admin", "--organization", "nobody").exit_code == 1
    assert desk(*CREATE, "--role", "king", "--staff").exit_code == 2
    assert desk("person", "create", "--email", "x", "--name", "X", "--role", "admin", "--staff").exit_code == 1


def test_the_earlier_name_of_the_option_still_works(desk: Desk) -> None:
    assert desk.json(*CREATE, "--role", "auditor", "--house")["created"] is True
    assert desk.json(*CREATE, "--role", "auditor", "--staff")["created"] is False
    assert "--house" not in desk("person", "create", "--help").stdout
