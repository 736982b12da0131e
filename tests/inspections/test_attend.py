"""Attend: an operator is with the field user, and has the inspection from then on."""

import pytest

from tests.inspections.conftest import SESSIONS
from tests.inspections.pages import OTTO, kinds, last_link, others_may_not, send, sender, state, stored
from tests.pages import at_once, one_wins, text


def test_works(otto, cast, joined, database):
    assert send(otto, joined, "attend").status_code == 303
    row = stored(database, joined)
    assert row.attended_at is not None
    assert (row.operator_name, row.assignee_id) == ("Otto Kim", cast.otto.id)
    assert last_link(database, joined) == ("operator.joined", {"operator": OTTO})
    assert kinds(database, joined)[0] == "inspection.attended"


def test_who_may_not(app, cast, database, joined):
    others_may_not(app, cast, database, joined, "attend")


def test_twice(otto, mira, joined, database):
    send(otto, joined, "attend")
    before = state(database, joined)
    for who, sentence in ((otto, "You are already with them."), (mira, "An operator is already with them.")):
        again = send(who, joined, "attend")
        assert again.status_code == 409
        assert sentence in text(again)
    assert state(database, joined) == before


@pytest.mark.parametrize(
    ("over", "sentence"), [(False, "Nobody has joined yet, so there is nobody to greet."), (True, "has ended")]
)
def test_wrong_state(otto, integrator, database, over, sentence):
    session = integrator.create()
    if over:
        integrator.end(session)
    before = state(database, session)
    refused = send(otto, session, "attend")
    assert refused.status_code == 409
    assert sentence in text(refused)
    assert state(database, session) == before


def test_stale(otto, mira, joined, database):
    seen = stored(database, joined).version
    send(mira, joined, "end")
    late = send(otto, joined, "attend", version=seen)
    assert late.status_code == 409
    assert "Ended by Mira Haddad" in text(late)


def test_lost_race(another_browser, joined, database):
    for page in one_wins(at_once([sender(another_browser(), joined, "attend") for _ in range(3)])):
        assert "You are already with them." in page
    assert kinds(database, joined).count("inspection.attended") == 1


def test_unknown(otto):
    assert send(otto, {"id": "b6a3f8a0-0000-4000-8000-000000000000"}, "attend").status_code == 404


def test_the_api_says_the_same(otto, integrator, joined):
    before = integrator.session(joined)
    send(otto, joined, "attend")
    after = integrator.get(f"{SESSIONS}/{joined['id']}").json
    assert {**after, "operator_name": None, "updated_at": None} == {
        **before,
        "operator_name": None,
        "updated_at": None,
    }
