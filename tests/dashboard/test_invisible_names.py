"""Names of nothing that were stored before: every row has a link that can be seen and pressed, at every desk."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.depositions.models import Deposition
from app.inspections import actions as inspecting
from app.inspections.models import Invite
from app.kernel import clock
from app.kernel.db.engine import Database
from app.kernel.text import normalization
from app.prescreens.models import Prescreen
from tests.cast import COMMAND_LINE, Cast
from tests.depositions import factories
from tests.prescreens.factories import prescreen

LINK = re.compile(r'<th scope="row" class="title-cell"><a href="[^"]+"><bdi>(.*?)</bdi></a>')
NOTHING = "\u202e\u200b\u3164"


@pytest.fixture
def stored(database: Database, cast: Cast) -> None:
    """One item of each desk, whose names were stored before names of nothing were refused."""
    factories.request(database, cast)
    prescreen(database, cast.marston.id)
    with database.write() as db:
        made = inspecting.create(
            db,
            organization_id=cast.marston.id,
            by=COMMAND_LINE,
            now=clock.now(),
            notes="\u2800",
            operator_email="o@e.com",
        )
        inspecting.invite(db, made.id, by=COMMAND_LINE, now=clock.now(), recipient_email="alex@example.com")
    with database.write() as db:
        db.execute(update(Deposition).values(deponent_name=NOTHING, title=NOTHING))
        db.execute(update(Prescreen).values(name=NOTHING, email=None))
        db.execute(update(Invite).values(recipient_first_name=NOTHING, recipient_last_name="\u3164"))


@pytest.mark.parametrize(
    ("who", "path", "shown"),
    [
        ("ines", "/depositions", None),
        ("lena", "/prescreens", "+1 555 010 4477"),
        ("otto", "/inspections", "alex@example.com"),
    ],
)
@pytest.mark.usefixtures("stored")
def test_a_row_has_a_link_that_can_be_seen(
    client: FlaskClient, cast: Cast, who: str, path: str, shown: str | None
) -> None:
    links = LINK.findall(cast.sign_in(client, who).get(path).text)
    assert len(links) == 1
    assert not normalization.is_blank(links[0])
    assert shown is None or links == [shown]
