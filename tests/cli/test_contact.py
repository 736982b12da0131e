"""`desk contact` and how long an organization keeps what is personal: said first, done with --yes, refused in words."""

import json
import zipfile
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select

from app.kernel.changes.events import Event
from app.kernel.db.engine import Database
from app.kernel.store import digest
from tests.cast import Cast
from tests.cli.running import Desk
from tests.prescreens.erasing import NAME, WHO
from tests.prescreens.factories import prescreen, stored

WHY = ("--reason", "Asked for it")


def test_exported_then_erased(desk: Desk, database: Database, cast: Cast, tmp_path: Path) -> None:
    id = prescreen(database, cast.marston.id, given=WHO)
    contact, file = str(stored(database, id).contact_id), tmp_path / "contact.json"
    done = desk.json("contact", "export", contact, str(file), *WHY)
    assert json.loads(file.read_text())["contact"]["name"] == NAME
    assert len(done["sha256"]) == 64
    assert desk.json("contact", "erase", contact, *WHY) == {"contact": contact, "prescreens": 1, "erased": False}
    assert stored(database, id).name == NAME
    assert desk.json("contact", "erase", contact, *WHY, "--yes")["erased"] is True
    assert stored(database, id).name == "Erased"
    assert "erased before" in desk("contact", "erase", contact, *WHY, "--yes").output
    for unknown in (["erase", str(uuid4())], ["erase", str(uuid4()), "--yes"], ["export", str(uuid4()), str(file)]):
        refused = desk("contact", *unknown, *WHY)
        assert (refused.exit_code, "There is no such contact" in refused.output) == (1, True)
    assert desk("contact", "erase", contact, "--reason", " ", "--yes").exit_code == 1


def test_a_prospect_who_is_no_contact(desk: Desk, database: Database, cast: Cast) -> None:
    id = str(prescreen(database, cast.marston.id, given={**WHO, "email": None, "phone": None}))
    filed = str(prescreen(database, cast.marston.id))
    facts = {"prescreen": id, "prescreens": 1, "erased": False}
    assert desk.json("prescreen", "erase", id, *WHY) == facts
    assert stored(database, UUID(id)).name == NAME
    assert desk.json("prescreen", "erase", id, *WHY, "--yes") == {**facts, "erased": True}
    assert stored(database, UUID(id)).name == "Erased"
    assert "erased before" in desk("prescreen", "erase", id, *WHY, "--yes").output
    assert "filed under a contact" in desk("prescreen", "erase", filed, *WHY).output
    assert desk("prescreen", "erase", filed, "--reason", " ", "--yes").exit_code == 1


def test_how_long_it_is_kept(desk: Desk, cast: Cast) -> None:
    keep = ("organization", "set", "marston", "--prescreen-days")
    assert desk.json(*keep, "90")["prescreen_days"] == 90
    for wrong in ("7", "soon", "-1"):
        assert desk(*keep, wrong).exit_code != 0
    assert desk.json(*keep, "forever")["prescreen_days"] is None
    assert desk.json(*keep[:-1], "--keep-prescreens", "60")["prescreen_days"] == 60, "as scripts of before call it"
    assert "keep-prescreens" not in desk("organization", "set", "--help").output


def test_a_prospect_who_is_no_contact_is_exported(desk: Desk, database: Database, cast: Cast, tmp_path: Path) -> None:
    id = str(prescreen(database, cast.marston.id, given={"email": None, "phone": None}))
    filed, file = str(prescreen(database, cast.marston.id)), tmp_path / "kept.json"
    facts = desk.json("prescreen", "export", id, str(file), *WHY)
    assert facts["sha256"] == digest(file.read_bytes())
    assert json.loads(file.read_text("utf-8"))["prescreens"][0]["id"] == id
    assert "Export the contact" in desk("prescreen", "export", filed, str(file), *WHY).output
    assert desk("prescreen", "export", str(uuid4()), str(file), *WHY).exit_code == 1
    assert desk("prescreen", "export", id, str(file), "--reason", " ").exit_code == 1


def test_an_export_with_case_files(desk: Desk, database: Database, cast: Cast, tmp_path: Path) -> None:
    id = prescreen(database, cast.marston.id, "denied")
    contact, file = str(stored(database, id).contact_id), tmp_path / "kept.zip"
    facts = desk.json("contact", "export", contact, str(file), "--case-files", "--language", "fr", *WHY)
    assert facts["sha256"] == digest(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        assert set(archive.namelist()) == {"SHA256SUMS", "kept.json", f"case-files/{id}.zip"}
    with database.read() as db:
        found = db.scalars(select(Event.kind).where(Event.subject_type == "contact").order_by(Event.id)).all()
    assert found == ["contact.files_requested", "contact.files_downloaded"]
    assert desk("contact", "export", str(uuid4()), str(file), "--case-files", *WHY).exit_code == 1
    assert desk.json("contact", "erase", contact, *WHY, "--yes")["erased"] is True
    assert "was erased" in desk("contact", "export", contact, str(file), "--case-files", *WHY).output
