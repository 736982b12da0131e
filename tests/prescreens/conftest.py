"""Fixtures of the prescreens desk."""

import pytest
from flask.testing import FlaskClient

from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.prescreens.factories import template
from tests.prescreens.visitors import Visitor


@pytest.fixture
def visitor(database: Database, cast: Cast, client: FlaskClient) -> Visitor:
    with database.write() as db:
        template(db, cast.marston.id)
    return Visitor(client)
