"""Fixtures of the prescreens desk."""

import pytest
from flask.testing import FlaskClient

from app.kernel.db.engine import Database
from app.prescreens.public import answering
from tests.cast import Cast
from tests.prescreens.factories import template
from tests.prescreens.visitors import Visitor


@pytest.fixture(autouse=True)
def quick_visitors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs may press Start at once, as tests do. Tests of that rule set it back."""
    monkeypatch.setattr(answering, "LEAST_SECONDS", 0)


@pytest.fixture
def visitor(database: Database, cast: Cast, client: FlaskClient) -> Visitor:
    with database.write() as db:
        template(db, cast.marston.id)
    return Visitor(client)
