"""`desk prescreen`: the case file into a folder, and what is kept of a contact."""

import hashlib
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select

from app.kernel.changes.events import Event
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.cli.running import Desk
from tests.outgoing import Outbox
from tests.prescreens.factories import prescreen
from tests.prescreens.test_remind import expired, stopped


def test_a_case_file_into_a_folder(desk: Desk, database: Database, cast: Cast, tmp_path: Path) -> None:
    id = prescreen(database, cast.marston.id, "denied", notes="CANARY")
    done = desk.json("prescreen", "case-file", str(id), str(tmp_path / "made"))
    (file,) = (tmp_path / "made").iterdir()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == done["sha256"]
    with database.read() as db:
        events = db.scalars(select(Event).where(Event.kind.contains("case_file")).order_by(Event.id)).all()
    assert [(event.actor_name, event.data["sha256"]) for event in events] == [("desk command", done["sha256"])] * 2


def test_a_case_file_of_nothing(desk: Desk, cast: Cast, tmp_path: Path) -> None:
    refused = desk("prescreen", "case-file", str(uuid4()), str(tmp_path))
    assert refused.exit_code == 1
    assert "There is no such prescreen any more. Nothing was written." in refused.output


def test_a_reminder_and_a_fresh_link(desk: Desk, database: Database, cast: Cast, outbox: Outbox) -> None:
    """Each is sent once, and only with --yes; who may not be written to is not."""
    silent, over = stopped(database, cast), expired(database, cast)
    before = len(outbox.emails("jane@example.com"))
    for sent, id, more in ((0, silent, ()), (1, over, ("--fresh-link",))):
        would = desk.json("prescreen", "remind", str(id), *more)
        assert (would["sent"], would["recipients"]) == (False, ["jane@example.com"])
        assert len(outbox.emails("jane@example.com")) == before + sent
        assert desk.json("prescreen", "remind", str(id), *more, "--yes")["sent"] is True
        assert len(outbox.emails("jane@example.com")) == before + sent + 1
        refused = desk("prescreen", "remind", str(id), *more, "--yes")
        assert refused.exit_code == 1
        assert "Nothing was sent." in refused.output
    assert "still answering" in desk("prescreen", "remind", str(over)).output
