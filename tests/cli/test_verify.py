"""`desk verify`: the verdict on a session or on a bundle, and its exit codes."""

import json
import uuid
from pathlib import Path

from flask import Flask

from app.inspections import bundle
from tests.cast import Cast
from tests.cli.running import Desk
from tests.inspections.conftest import Integrator
from tests.inspections.test_verification import TRUE, statement


def test_a_bundle_without_a_stamp_is_not_proven(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(bundle.bundle(TRUE, statement(TRUE), []))
    done = desk("verify", str(tmp_path / "b.zip"), "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["result"] == "not proven"


def test_a_spoiled_bundle_is_broken(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(bundle.bundle(TRUE[:-1], statement(TRUE), []))
    done = desk("verify", str(tmp_path / "b.zip"))
    assert (done.exit_code, "broken" in done.stdout) == (1, True)


def test_nothing_to_verify(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"no zip")
    for name in (str(tmp_path / "b.zip"), str(tmp_path / "none.zip")):
        assert desk("verify", name).exit_code == 3


def test_a_session(desk: Desk, app: Flask, cast: Cast) -> None:
    integrator = Integrator(app, cast, "marston")
    session = integrator.create()
    integrator.end(session)
    done = desk("verify", session["id"])
    assert (done.exit_code, "The chain holds: 2 events" in done.stdout) == (2, True)
    assert desk("verify", str(uuid.uuid4())).exit_code == 3


def test_what_cannot_be_read_is_not_called_broken(desk: Desk) -> None:
    """It was 1, the exit code of a forgery."""
    done = desk("verify", "/proc/self/mem")
    assert (done.exit_code, done.stderr) == (3, "A file could not be read or written: Input/output error.\n")
    done = desk("verify", str(uuid.uuid4()), DATABASE_URL="sqlite:////nowhere/desk.sqlite3")
    assert done.exit_code == 3
    assert "Traceback" not in done.output
