"""`desk manager`: the roster from the command line, refused in sentences, safe to repeat."""

import csv
import io
from pathlib import Path

from app.depositions.queries import managers, roster
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.cli.running import Desk

ADD = ("manager", "add", "Quartz@partner.example.com", "--name", "Quartz Verbena", "--zone", "Europe/Paris")


def test_added_changed_and_listed(desk: Desk, database: Database) -> None:
    made = desk.json(
        *ADD, "--telephone", "+33 1 55 55 01 00", "--room", "zoom https://z.example/{id}", "--hours", "monday 9-17"
    )
    assert (made["email"], made["monday"]) == ("quartz@partner.example.com", "9:00-17:00")
    assert made["telephone"] == "+33 1 55 55 01 00"
    assert desk.json("manager", "change", "quartz@partner.example.com", "--inactive")["changed"] is True
    again = desk.json("manager", "change", "quartz@partner.example.com", "--inactive")
    assert (again["changed"], again["active"], again["monday"]) == (False, False, "9:00-17:00")
    (listed,) = desk.json("manager", "list")["managers"]
    assert listed["rooms"] == "zoom https://z.example/{id}"
    with database.read() as db:
        row = managers.by_email(db, "quartz@partner.example.com")
        assert row
        kinds = [(event.kind, event.actor_kind) for event in timeline(db, "manager", row.id)]
    assert kinds == [("manager.changed", "cli"), ("manager.added", "cli")]


def test_an_import_is_shown_before_it_is_made(desk: Desk, database: Database, tmp_path: Path) -> None:
    desk(*ADD)
    (line,) = csv.DictReader(io.StringIO(desk("manager", "list", "--csv").output.removeprefix("\ufeff")))
    file = tmp_path / "roster.csv"
    file.write_text(f"email,languages\n{line['email']},Polish\n", "utf-8")
    shown = desk.json("manager", "import", str(file))
    assert (shown["imported"], shown["rows"][0]["changes"]) == (False, [["languages", "", "Polish"]])
    assert desk.json("manager", "import", str(file), "--yes")["imported"] is True
    assert desk.json("manager", "import", str(file))["rows"][0]["does"] == "keep"


def test_absences_and_the_feed(desk: Desk, database: Database) -> None:
    desk(*ADD)
    desk("manager", "absence", "quartz@partner.example.com", "2099-01-01", "2099-01-05", "--note", "Away")
    desk("manager", "absence", "quartz@partner.example.com", "2099-01-01", "--remove")
    url = desk.json("manager", "feed", "quartz@partner.example.com")["url"]
    with database.read() as db:
        row = managers.by_email(db, "quartz@partner.example.com")
        assert row
        assert row.feed_hash
        assert row.feed_hash not in url
        assert roster.absences(db, row.id, row.created_at) == []
    assert desk.json("manager", "feed", "quartz@partner.example.com", "--revoke")["revoked"] is True
