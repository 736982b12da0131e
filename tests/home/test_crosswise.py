"""Who works at one desk of one organization and at another desk of another sees at each desk only that one's rows."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Membership
from app.accounts.roles import Role
from app.inspections import actions as inspections
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import Message
from tests.cast import Cast
from tests.prescreens.factories import prescreen

OWN, FOREIGN = {"prescreen marston", "inspection harbor"}, {"prescreen harbor", "inspection marston"}
PAGES = (
    "/",
    "/search?q=zebra",
    "/palette?q=zebra",
    "/prescreens?state=all",
    "/prescreens/csv?state=all",
    "/prescreens/contacts",
    "/inspections",
    "/inspections/csv",
    "/messages?view=queued",
    "/messages?view=queued&desk=prescreens",
    "/messages?view=queued&desk=inspections",
)


@pytest.fixture
def marked(database: Database, cast: Cast) -> None:
    """Lena is an agent of Marston and an operator of Harbor; each of them has an item at both desks."""
    for home in (cast.marston, cast.harbor):
        prescreen(database, home.id, given={"fullName": f"Zebra prescreen {home.slug}"})
        with database.write() as db:
            notes = f"Zebra inspection {home.slug}"
            inspections.create(db, notes=notes, organization_id=home.id, by=cast.actor("otto"), now=now())
            for subject in ("prescreen", "inspection"):
                message = Message("email", {}, destination="a@example.com", summary=f"Zebra {subject} {home.slug}")
                about = {"organization_id": home.id, "subject_type": subject, "subject_id": "7", "now": now()}
                outbox.enqueue(db, [message], event_id=None, **about)
    with database.write() as db:
        db.add(Membership(person_id=cast.lena.id, organization_id=cast.harbor.id, role=Role.OPERATOR.value))


@pytest.mark.usefixtures("marked")
def test_each_desk_has_its_own_reach(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "lena")
    seen: set[str] = set()
    for page in PAGES:
        answer = client.get(page)
        assert answer.status_code == 200, page
        shown = answer.text.replace("<mark>", "").replace("</mark>", "")
        assert not [each for each in FOREIGN if f"Zebra {each}" in shown], page
        assert any(f"Zebra {each}" in shown for each in OWN) or page == "/", page
        seen |= {each for each in OWN if f"Zebra {each}" in shown}
    assert seen == OWN
