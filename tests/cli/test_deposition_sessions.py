"""The life of a session by `desk deposition`: each command says first what it would do, and does it with `--yes`."""

from typing import Any

from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.cli.running import Desk
from tests.depositions import factories
from tests.depositions.pages import stored

MOVE = ("--date", "2031-03-12", "--time", "2:30 PM", "--zone", "America/New_York", "--hours", "2")


def test_a_move_is_shown_first(desk: Desk, database: Database, cast: Cast, outbox: Any) -> None:
    made = factories.in_state(database, cast, "scheduled")
    sent = len(outbox.rows())
    shown = desk.json("deposition", "move", str(made.id), *MOVE)
    assert (shown["done"], shown["starts_at"]) == (False, "2031-03-12T18:30:00Z")
    assert shown["sends"] == "4 e-mails with a calendar file, and 1 webhook"
    assert "orsolya@example.com" in shown["recipients"]
    assert "Nothing was done; add --yes to do it." in desk("deposition", "move", str(made.id), *MOVE).output
    assert stored(database, made.id) == made
    assert len(outbox.rows()) == sent
    done = desk("deposition", "move", str(made.id), *MOVE, "--yes")
    assert done.output == f"Moved session {made.id} to Wed 12 Mar 2031, 2:30–4:30 PM EDT.\n"
    assert stored(database, made.id).sequence == 2
    assert len([row for row in outbox.rows() if row.state == "queued"]) == 5


def test_a_silent_move_needs_a_reason(desk: Desk, database: Database, cast: Cast, outbox: Any) -> None:
    made = factories.in_state(database, cast, "scheduled")
    outbox.deliver_all()
    refused = desk("deposition", "move", str(made.id), *MOVE, "--silently", "--yes")
    assert (refused.exit_code, "Say why nobody is notified." in refused.stderr) == (1, True)
    assert stored(database, made.id) == made
    done = desk.json("deposition", "move", str(made.id), *MOVE, "--silently", "--reason", "We call.", "--yes")
    assert (done["done"], done["recipients"]) == (True, [])


def test_a_gap_is_refused_in_words(desk: Desk, database: Database, cast: Cast) -> None:
    made = factories.in_state(database, cast, "scheduled")
    refused = desk("deposition", "move", str(made.id), "--date", "2031-03-09", "--time", "02:30", "--yes")
    assert (refused.exit_code, "is followed by 03:00 AM" in refused.stderr) == (1, True)


def test_managers_change(desk: Desk, database: Database, cast: Cast) -> None:
    made = factories.in_state(database, cast, "scheduled")
    assert desk("deposition", "change-manager", str(made.id)).exit_code == 2
    assert desk("deposition", "change-manager", str(made.id), "kwame@example.com", "--yes").exit_code == 1
    assert desk.json("deposition", "change-manager", str(made.id), "--nobody")["done"] is False
    assert desk.json("deposition", "change-manager", str(made.id), "--nobody", "--yes")["manager"] is None
    again = desk.json("deposition", "change-manager", str(made.id), "ines@example.com", "--yes")
    assert again["manager"] == stored(database, made.id).manager_email == "ines@example.com"


def test_a_start_and_its_way_back(desk: Desk, database: Database, cast: Cast) -> None:
    made = factories.in_state(database, cast, "scheduled")
    assert desk("deposition", "start", str(made.id), "--yes").exit_code == 1
    assert desk.json("deposition", "start", str(made.id), "--reason", "Now.", "--yes")["state"] == "active"
    refused = desk("deposition", "end", str(made.id), "--yes")
    assert "cannot be ended before its planned start" in refused.stderr
    assert desk.json("deposition", "take-back-start", str(made.id), "--yes")["state"] == "scheduled"
    assert desk("deposition", "end", "987654", "--yes").exit_code == 1


def test_a_session_is_shown(desk: Desk, database: Database, cast: Cast) -> None:
    made = factories.in_state(database, cast, "scheduled")
    shown = desk.json("deposition", "show", str(made.id))
    assert (shown["state"], shown["organization"], shown["manager"]) == ("scheduled", "marston", made.manager_email)
    assert made.title in desk("deposition", "show", str(made.id)).output
    assert desk("deposition", "show", "999999").exit_code == 1


def test_a_request_is_booked_once(desk: Desk, database: Database, cast: Cast, outbox: Any) -> None:
    made = factories.in_state(database, cast, "initial")
    factories.in_state(database, cast, "scheduled")  # which adds a manager to the roster
    book = ("deposition", "schedule", str(made.id), "ines@example.com", "--room", "https://meet.example.com/a")
    assert desk.json(*book, "--reason", "Both.")["done"] is False
    assert stored(database, made.id).state == "initial"
    done = desk.json(*book, "--reason", "Both.", "--yes")
    assert (done["done"], done["state"], done["manager"]) == (True, "scheduled", "ines@example.com")
    again = desk(*book, "--reason", "Both.", "--yes")
    assert (again.exit_code, stored(database, made.id).sequence) == (1, 1)
    assert desk("deposition", "schedule", str(made.id), "kwame@example.com", "--yes").exit_code == 1


def test_a_cancellation_is_shown_first(desk: Desk, database: Database, cast: Cast, outbox: Any) -> None:
    made = factories.in_state(database, cast, "scheduled")
    outbox.deliver_all()
    shown = desk.json("deposition", "cancel", str(made.id))
    assert (shown["done"], "orsolya@example.com" in shown["recipients"]) == (False, True)
    assert stored(database, made.id) == made
    refused = desk("deposition", "cancel", str(made.id), "--silently", "--yes")
    assert (refused.exit_code, "Say why nobody is notified." in refused.stderr) == (1, True)
    assert desk.json("deposition", "cancel", str(made.id), "--yes")["state"] == "canceled"
    assert desk("deposition", "cancel", str(made.id), "--yes").exit_code == 1
