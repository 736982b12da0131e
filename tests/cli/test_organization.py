"""`desk organization create` and `set`: made once, changed, refused in sentences, safe to repeat."""

import json
import threading

import pytest
from sqlalchemy import select

from app.accounts.models import Organization
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.cli.running import Desk

CREATE = ("organization", "create", "--name", "Marston Litigation", "--slug", "marston")


def test_creates(desk: Desk, database: Database) -> None:
    made = desk.json(*CREATE, "--plan", "pro", "--self-service", "--contact-email", "Desk@Marston.example.com")
    assert made["created"] is True
    facts = {name: made[name] for name in ("slug", "name", "plan", "billing", "self_service", "contact_email")}
    assert facts == {
        "slug": "marston",
        "name": "Marston Litigation",
        "plan": "pro",
        "billing": "active",
        "self_service": True,
        "contact_email": "desk@marston.example.com",
    }
    with database.read() as db:
        row = db.scalars(select(Organization)).one()
        assert (row.name, row.plan, row.self_service) == ("Marston Litigation", "pro", True)
        (event,) = timeline(db, "organization", row.id)
    assert (event.kind, event.actor_kind) == ("organization.created", "cli")


def test_a_repeat_with_the_same_facts_says_so(desk: Desk, database: Database) -> None:
    desk(*CREATE, "--plan", "pro")
    again = desk.json(*CREATE, "--plan", "pro")
    assert again["created"] is False
    assert "exists already" in desk(*CREATE, "--plan", "pro").output
    with database.read() as db:
        assert len(db.scalars(select(Organization)).all()) == 1


def test_a_repeat_with_the_same_address_in_capitals_is_a_repeat(desk: Desk) -> None:
    desk(*CREATE, "--contact-email", "Desk@Example.com")
    assert desk.json(*CREATE, "--contact-email", "Desk@Example.com")["created"] is False


def test_a_repeat_with_other_facts_is_an_error(desk: Desk) -> None:
    desk(*CREATE)
    done = desk(*CREATE, "--plan", "pro")
    assert done.exit_code == 1
    assert "already an organization marston with another plan" in done.stderr
    assert done.stdout == ""


def test_an_error_with_json_is_json(desk: Desk) -> None:
    desk(*CREATE)
    done = desk(*CREATE, "--plan", "pro", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["error"]["code"] == "organization.exists"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--slug", "Big"),
        ("--slug", "-x"),
        ("--slug", "a" * 61),
        ("--slug", ""),
        ("--locale", "xx"),
        ("--time-zone", "Mars/Olympus"),
        ("--contact-email", "nobody"),
        ("--name", "  "),
        ("--name", "x" * 201),
    ],
)
def test_bad_facts_are_refused_in_a_sentence(desk: Desk, database: Database, arguments: tuple[str, str]) -> None:
    done = desk(*CREATE, *arguments)
    assert done.exit_code == 1
    assert done.stderr.strip().endswith((".", "Europe/Paris."))
    assert "Traceback" not in done.output
    with database.read() as db:
        assert db.scalars(select(Organization)).all() == []


def test_called_wrongly_is_another_code(desk: Desk) -> None:
    assert desk("organization", "create", "--name", "X").exit_code == 2
    assert desk(*CREATE, "--plan", "golden").exit_code == 2


def test_sets_what_is_named_and_leaves_the_rest(desk: Desk) -> None:
    desk(*CREATE, "--plan", "pro")
    changed = desk.json("organization", "set", "marston", "--billing", "past_due", "--self-service", "on")
    assert (changed["plan"], changed["billing"], changed["self_service"]) == ("pro", "past_due", True)
    assert changed["changed"] is True
    off = desk.json("organization", "set", "marston", "--self-service", "off", "--decision-emails", "off")
    assert (off["self_service"], off["decision_emails"], off["billing"]) == (False, False, "past_due")


def test_setting_the_same_again_changes_nothing(desk: Desk, database: Database) -> None:
    desk(*CREATE)
    desk("organization", "set", "marston", "--plan", "scale")
    again = desk.json("organization", "set", "marston", "--plan", "scale")
    assert again["changed"] is False
    with database.read() as db:
        row = db.scalars(select(Organization)).one()
        assert [each.kind for each in timeline(db, "organization", row.id)] == [
            "organization.changed",
            "organization.created",
        ]


def test_nothing_can_be_set_on_nobody(desk: Desk) -> None:
    done = desk("organization", "set", "nobody", "--plan", "pro")
    assert (done.exit_code, done.stderr) == (1, "There is no organization nobody.\n")


def test_two_at_once_make_one(database: Database) -> None:
    from app.accounts.actions import organizations
    from app.cli_commands import BY
    from app.kernel.clock import now
    from app.kernel.errors import Conflict

    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def create() -> None:
        gate.wait()
        try:
            with database.write() as db:
                organizations.create(db, slug="marston", name="Marston", by=BY, now=now())
            outcomes.append("made")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]


IDENTITY = (
    "--country",
    "fr",
    "--colour",
    "3C448D",
    "--public-email",
    "a@b.example.com",
    "--public-phone",
    "01 55 50 14 20",
)


def test_says_how_it_looks_and_is_reached(desk: Desk) -> None:
    made = desk.json(*CREATE, *IDENTITY, "--hours", "9 h à 18 h")
    shown = {name: made[name] for name in ("country", "colour", "public_email", "public_phone", "hours")}
    assert shown == {
        "country": "FR",
        "colour": "#3c448d",
        "public_email": "a@b.example.com",
        "public_phone": "01 55 50 14 20",
        "hours": "9 h à 18 h",
    }
    assert desk.json(*CREATE, *IDENTITY)["created"] is False
    changed = desk.json("organization", "set", "marston", "--colour", "#7a2452", "--hours", "")
    assert (changed["colour"], changed["hours"], changed["country"]) == ("#7a2452", "", "FR")
    del changed["changed"]
    assert desk.json("organization", "show", "marston") == changed
    lines = desk("organization", "show", "marston").stdout.splitlines()
    assert {"colour: #7a2452", "hours: -", "self service: off"} <= set(lines)


def test_its_country_is_that_of_its_time_zone_unless_it_is_said(desk: Desk) -> None:
    assert desk.json(*CREATE)["country"] == "US"
    assert desk.json("organization", "set", "marston", "--country", "")["country"] is None


def test_a_colour_in_which_nothing_can_be_read_is_refused_as_on_the_page(desk: Desk) -> None:
    desk(*CREATE)
    done = desk("organization", "set", "marston", "--colour", "#ffe9a8")
    assert done.exit_code == 1
    assert "too pale for the light theme" in done.stderr
    offered = done.stderr.partition("passes is ")[2][:7]
    assert desk.json("organization", "set", "marston", "--colour", offered)["colour"] == offered
    assert desk.json("organization", "show", "marston")["colour"] == offered


def test_nobody_is_not_shown(desk: Desk) -> None:
    assert desk("organization", "show", "nobody").stderr == "There is no organization nobody.\n"


def test_it_is_closed_and_reopened(desk: Desk, database: Database) -> None:
    desk(*CREATE)
    desk("key", "create", "--organization", "marston", "--product", "prescreens")
    shown = desk("organization", "close", "marston").stdout
    assert shown.endswith(
        ": 1 key and 0 people are refused then. What is under way goes on. Nothing was changed: add --yes.\n"
    )
    assert desk.json("organization", "show", "marston")["closed_at"] is None
    assert desk.json("organization", "close", "marston", "--yes") == {
        "slug": "marston",
        "closed": True,
        "changed": True,
    }
    assert desk.json("organization", "close", "marston", "--yes")["changed"] is False
    assert desk("organization", "list").stdout.endswith(", closed\n")
    refused = desk("key", "create", "--organization", "marston", "--product", "prescreens")
    assert (refused.exit_code, "is closed. Nothing was done." in refused.stderr) == (1, True)
    assert desk.json("organization", "reopen", "marston") == {"slug": "marston", "closed": False, "changed": True}
    assert desk("organization", "reopen", "marston").stdout.endswith(" is open already.\n")
    assert desk.json("organization", "show", "marston")["closed_at"] is None
