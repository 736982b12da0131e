"""`desk message`: what failed while a receiver was away goes out again, all of it at once."""

from uuid import UUID, uuid4

import pytest

from app.cli_messages import CHANNELS, STATUSES
from app.kernel.db.engine import Database
from app.kernel.outbox import delivery_status
from app.messages import rules
from app.messages.rules import TABS
from tests.cast import Cast
from tests.cli.running import Desk
from tests.messages.sending import row_of
from tests.messages.test_pages import put


def status(database: Database, id: UUID) -> str:
    return delivery_status.status_of(row_of(database, id))


def waits(database: Database, *ids: UUID) -> bool:
    return {row_of(database, id).state for id in ids} == {"queued"}


def test_the_statuses_are_those_of_the_page() -> None:
    """Named once more, because a command that needs none of this should start without it."""
    assert set(STATUSES.choices) == set(TABS.values())
    assert set(CHANNELS.choices) == set(rules.CHANNELS)


def test_the_failed_ones_are_listed_with_their_reason(desk: Desk, cast: Cast, database: Database) -> None:
    id = put(database, cast, "dead")
    put(database, cast, "sent")
    listed = desk.json("message", "list")
    assert [each["id"] for each in listed["messages"]] == [str(id)]
    assert (listed["messages"][0]["status"], listed["more"]) == ("failed", False)
    assert "The receiver answered 500." in listed["messages"][0]["reason"]
    assert str(id) in desk("message", "list").stdout
    assert desk("message", "list", "--status", "dismissed").stdout == "No message is dismissed.\n"


def test_a_list_is_narrowed_and_cut(desk: Desk, cast: Cast, database: Database) -> None:
    for _ in range(3):
        put(database, cast, "dead")
    cut = desk.json("message", "list", "--limit", "2")
    assert (len(cut["messages"]), cut["more"]) == (2, True)
    channel = cut["messages"][0]["channel"]
    other = next(each for each in ("sms", "webhook") if each != channel)
    assert len(desk.json("message", "list", "--channel", channel)["messages"]) == 3
    assert desk.json("message", "list", "--channel", other)["messages"] == []
    assert desk("message", "list", "--organization", "nobody").exit_code == 1


def test_all_that_failed_is_sent_again(desk: Desk, cast: Cast, database: Database) -> None:
    ids = [put(database, cast, "dead") for _ in range(3)]
    assert desk.json("message", "send-again", "--all-failed")["messages"] == 3
    assert {status(database, id) for id in ids} == {"dead"}
    assert desk.json("message", "send-again", "--all-failed", "--yes") == {"done": 3, "left": []}
    assert waits(database, *ids)
    assert desk.json("message", "send-again", "--all-failed", "--yes") == {"done": 0, "left": []}


def test_what_cannot_be_sent_is_named_and_the_others_go(desk: Desk, cast: Cast, database: Database) -> None:
    failed, unknown = put(database, cast, "dead"), uuid4()
    done = desk("message", "send-again", str(unknown), str(failed))
    assert done.exit_code == 1
    assert done.stdout == f"1 message queued again.\n{unknown}: There is no such message.\n"
    assert waits(database, failed)


@pytest.mark.parametrize("given", [(), (str(uuid4()), "--all-failed")])
def test_either_ids_or_all(desk: Desk, cast: Cast, given: tuple[str, ...]) -> None:
    assert desk("message", "send-again", *given).exit_code == 2


def test_one_is_dismissed_and_restored(desk: Desk, cast: Cast, database: Database) -> None:
    id = put(database, cast, "dead")
    assert desk.json("message", "dismiss", str(id)) == {"done": 1, "left": []}
    assert status(database, id) == "aside"
    again = desk("message", "dismiss", str(id))
    assert (again.exit_code, "dismissed it already" in again.stdout) == (1, True)
    assert desk.json("message", "restore", str(id)) == {"done": 1, "left": []}
    assert status(database, id) == "dead"
