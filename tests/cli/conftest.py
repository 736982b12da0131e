"""`desk` is the command, on the test's database."""

import pytest

from app.kernel.db.engine import Database
from tests.cli.running import Desk


@pytest.fixture
def desk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(database, monkeypatch)
