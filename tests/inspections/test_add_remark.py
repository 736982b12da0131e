"""Add a remark: it is sealed onto the chain, for good, until the inspection is over."""

import pytest

from tests.inspections.pages import OTTO, kinds, last_link, others_may_not, send, sender, state, stored
from tests.pages import at_once, text

REMARK = "Hinge <b>bent</b>, see picture 3 — دون كسر"


@pytest.mark.parametrize("joined_first", [True, False])
def test_works(otto, integrator, field, database, joined_first):
    session = integrator.create()
    if joined_first:
        field.join(integrator.invite(session))
    assert send(otto, session, "add_remark", text=REMARK).status_code == 303
    assert last_link(database, session) == ("remark.added", {"text": REMARK, "by": OTTO})
    assert kinds(database, session)[0] == "inspection.remark_added"
    assert "Hinge &lt;b&gt;bent&lt;/b&gt;" in text(otto.get(f"/inspections/{session['id']}"))


def test_who_may_not(app, cast, database, joined):
    others_may_not(app, cast, database, joined, "add_remark", text=REMARK)


def test_twice_is_two_remarks(otto, joined, database):
    for _ in range(2):
        assert send(otto, joined, "add_remark", text=REMARK).status_code == 303
    assert kinds(database, joined)[:2] == ["inspection.remark_added"] * 2


@pytest.mark.parametrize(("typed", "sentence"), [("", "Write the remark first."), (" \n", "Write the remark first.")])
def test_bad_input(otto, joined, database, typed, sentence):
    before = state(database, joined)
    refused = send(otto, joined, "add_remark", text=typed)
    assert refused.status_code == 422
    assert sentence in text(refused)
    assert state(database, joined) == before


def test_wrong_state(otto, integrator, database):
    session = integrator.create()
    integrator.end(session)
    before = state(database, session)
    refused = send(otto, session, "add_remark", text=REMARK)
    assert refused.status_code == 409
    assert "its record is sealed: nothing more can be added" in text(refused)
    assert "Hinge &lt;b&gt;bent&lt;/b&gt;" in text(refused), "what was typed is not lost"
    assert state(database, session) == before


def test_stale(otto, mira, joined, database):
    """A remark belongs to no version: what others did meanwhile does not lose it."""
    seen = stored(database, joined).version
    send(mira, joined, "add_remark", text="First")
    assert send(otto, joined, "add_remark", text=REMARK, version=seen).status_code == 303


def test_lost_race(another_browser, joined, database):
    answers = at_once([sender(another_browser(), joined, "add_remark", text=f"Remark {n}") for n in range(3)])
    assert [answer.status_code for answer in answers] == [303] * 3
    assert kinds(database, joined)[:3] == ["inspection.remark_added"] * 3


def test_unknown(otto):
    nobody = {"id": "b6a3f8a0-0000-4000-8000-000000000000"}
    assert send(otto, nobody, "add_remark", text=REMARK).status_code == 404


def test_the_api_says_the_same(otto, integrator, joined):
    before = integrator.session(joined)
    send(otto, joined, "add_remark", text=REMARK)
    assert {**integrator.session(joined), "updated_at": None} == {**before, "updated_at": None}
