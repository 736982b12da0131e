"""The sentence under the title of a list is about that list: each tab has its own."""

import html
import re

import pytest
from flask.testing import FlaskClient

from app.depositions.views.list import QUEUE as DEPOSITIONS
from app.inspections.views.list import QUEUE as INSPECTIONS
from app.kernel.db.engine import Database
from app.prescreens.rules.review import LIMITS
from app.prescreens.views.list import QUEUE as PRESCREENS
from tests.cast import Cast
from tests.depositions import factories
from tests.prescreens.factories import prescreen

QUEUES = {"ines": DEPOSITIONS, "lena": PRESCREENS, "otto": INSPECTIONS}


def lede(client: FlaskClient, path: str) -> str:
    found = re.search(r'<p class="(?:visually-hidden )?lede" data-part="lede">(.*?)</p>', client.get(path).text)
    assert found
    return html.unescape(found[1])


@pytest.mark.parametrize("who", QUEUES)
def test_every_tab_has_its_own_sentence_with_its_own_number(client: FlaskClient, cast: Cast, who: str) -> None:
    cast.sign_in(client, who)
    queue = QUEUES[who]
    shown = {}
    for tab in queue.tabs:
        query = "&".join(f"{name}={value}" for name, value in tab.args.items())
        shown[tab.key] = lede(client, f"/{queue.desk}?{query}")
    assert len(set(shown.values())) == len(shown)


def test_sentences_of_depositions(client: FlaskClient, cast: Cast, database: Database) -> None:
    factories.request(database, cast)
    for state in ("scheduled", "ready", "canceled"):
        factories.in_state(database, cast, state)
    cast.sign_in(client, "ines")
    assert lede(client, "/depositions") == "1 request waits to be scheduled."
    assert lede(client, "/depositions?view=soon") == "0 requests start within 24 hours, not scheduled."
    assert lede(client, "/depositions?view=scheduled") == "2 sessions are booked or live."
    assert lede(client, "/depositions?view=everything") == "4 requests and sessions in all."


def test_sentences_of_prescreens(client: FlaskClient, cast: Cast, database: Database) -> None:
    for state in ("completed", "active", "approved", "denied", "denied"):
        prescreen(database, cast.marston.id, state)
    cast.sign_in(client, "lena")
    assert lede(client, "/prescreens") == "1 waits for a decision at Marston & Vale."
    assert lede(client, "/prescreens?left=7") == "0 expire within seven days and cannot be decided after that."
    assert lede(client, "/prescreens?state=answering") == "1 prospect is still answering."
    assert lede(client, "/prescreens?state=denied") == "2 are denied."


def test_sentences_of_messages(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    views = ("failed", "failing", "queued", "sent", "dismissed", "dropped")
    assert len({lede(client, f"/messages?view={view}") for view in views}) == len(views)


def test_tabs_and_groups_of_prescreens_are_cut_at_the_same_days() -> None:
    tabs = tuple(int(tab.args["left"]) for tab in PRESCREENS.tabs if "left" in tab.args)
    groups = tuple(int(key.removeprefix("within-")) for key in PRESCREENS.groups if key.startswith("within-"))
    assert tabs == groups == LIMITS
