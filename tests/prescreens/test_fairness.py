"""How alike decisions are: a history counted by hand, small groups that nothing betrays, and who may see what."""

import random
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.kernel.changes.event_types import EventRow
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.actions import switch_measure
from app.prescreens.events import EVENTS
from app.prescreens.measures import Measure, MeasureSwitch
from app.prescreens.models import Prescreen
from app.prescreens.presentation.fairness import opening, tables
from app.prescreens.queries import fairness as queries
from app.prescreens.queries.fairness import Measured
from app.prescreens.rules.fairness import (
    LEAST,
    MET,
    NOT_MET,
    READ,
    WAITS,
    Case,
    Share,
    criteria_of,
    fairness,
    published,
)
from tests.cast import Cast
from tests.cli.running import Desk
from tests.pages import csrf, text
from tests.prescreens.decisions import decide_in
from tests.prescreens.factories import prescreen
from tests.prescreens.measured import decided, switch

ONE, TWO = UUID(int=1), UUID(int=2)
ANA, BEN, CEM, DOT = 1, 2, 3, 4


def cases(*groups: tuple[int, dict[str, Any]]) -> list[Case]:
    """So many cases of each kind; what is not said of one is as usual."""
    usual = Case(True, MET, ANA, "k", 10, timedelta(hours=2), "en", (ONE, 1))
    return [usual._replace(**facts) for n, facts in groups for _ in range(n)]


def by_key(shares: Sequence[Share]) -> dict[Any, tuple[int, int]]:
    return {share.key: (share.part, share.n) for share in shares}


# A history of 60 decisions. Key answers k: Ana approved 18 of 20, Ben 4 of 20. Key answers m: Ben alone, 8 of 8.
# No key: Cem, 5 of 12, in the night.
HISTORY = cases(
    (18, {}),
    (2, {"approved": False}),
    (4, {"person_id": BEN}),
    (16, {"person_id": BEN, "approved": False, "criteria": NOT_MET, "waited": timedelta(days=4)}),
    (8, {"person_id": BEN, "alike_key": "m", "language": "es", "version": (ONE, 2)}),
    (5, {"person_id": CEM, "alike_key": None, "criteria": READ, "hour": 23, "waited": timedelta(days=20)}),
    (7, {"person_id": CEM, "alike_key": None, "criteria": READ, "hour": 23, "approved": False}),
)


def test_the_tables_are_those_counted_by_hand() -> None:
    seen = fairness(HISTORY)
    assert seen.n == 60
    assert by_key(seen.criteria.shares) == {MET: (30, 32), NOT_MET: (0, 16), READ: (5, 12)}
    assert seen.followed == (30 + 16, 48)
    # Only of k two agents decided: Ben's eight of m and Cem's say nothing about agents.
    assert by_key(seen.agents.shares) == {ANA: (18, 20), BEN: (4, 20)}
    assert seen.agents.apart == {ANA: True, BEN: False}
    assert by_key(seen.hours.shares) == {9: (30, 48), 18: (5, 12)}
    assert seen.hours.apart == {}
    assert by_key(seen.waits.shares) == {WAITS[0]: (30, 39), WAITS[2]: (0, 16), WAITS[4]: (5, 5)}
    assert by_key(seen.languages.shares) == {"en": (27, 52), "es": (8, 8)}
    assert seen.languages.missing == 2
    assert by_key(seen.versions.shares) == {(ONE, 1): (27, 52), (ONE, 2): (8, 8)}


def test_like_is_compared_with_like() -> None:
    """Ana decided the easy cases and Ben the hard ones, each as the other: nothing sets them apart."""
    easy, hard = {"alike_key": "easy"}, {"alike_key": "hard"}
    seen = fairness(
        cases(
            (27, easy),
            (3, {**easy, "approved": False}),
            (9, {**easy, "person_id": BEN}),
            (1, {**easy, "person_id": BEN, "approved": False}),
            (1, hard),
            (9, {**hard, "approved": False}),
            (3, {**hard, "person_id": BEN}),
            (27, {**hard, "person_id": BEN, "approved": False}),
        )
    )
    assert by_key(seen.agents.shares) == {ANA: (28, 40), BEN: (12, 40)}
    assert seen.agents.apart == {}


def test_small_groups_stand_in_a_row_with_others() -> None:
    split = published({"a": (9, 12), "b": (1, 3), "c": (6, 7), "d": (2, 2)})
    assert by_key(split.shown) == {"a": (9, 12), "c": (6, 7)}
    assert (split.rest, split.merged) == (Share(None, 3, 5), 2)
    # One small group takes the next with it, or it could be computed from the others.
    split = published({"a": (9, 12), "b": (1, 3), "c": (6, 7)})
    assert by_key(split.shown) == {"a": (9, 12)}
    assert (split.rest, split.merged) == (Share(None, 7, 10), 2)
    # Two are not enough while both together are too few.
    split = published({"a": (9, 12), "b": (1, 1), "c": (0, 2)})
    assert (split.shown, split.rest, split.merged) == ((), Share(None, 10, 15), 3)
    assert published({"a": (1, 2), "b": (1, 1)}).shares == ()
    assert published({"a": (1, 4)}).shares == ()
    assert by_key(published({"a": (1, 5)}).shares) == {"a": (1, 5)}
    assert published({}).shares == ()


def consistent(hidden: dict[str, tuple[int, int]], counted: dict[str, tuple[int, int]], seen: Any) -> bool:
    """Whether other numbers in the hidden groups would have been shown as the same."""
    return bool(published({**counted, **hidden}).shares == seen.shares)


def test_no_small_group_can_be_computed() -> None:
    """For each small group there are other outcomes with which all that is shown would be the same."""
    dice = random.Random(5)
    for _ in range(300):
        counted = {}
        for name in "abcdef"[: dice.randint(2, 6)]:
            n = dice.randint(1, 9)
            counted[name] = (dice.randint(0, n), n)
        seen = published(counted)
        small = [name for name, (_, n) in counted.items() if n < LEAST]
        if not seen.rest:
            assert not seen.shown or not small
            continue
        merged = [name for name in counted if name not in by_key(seen.shown)]
        assert set(small) <= set(merged)
        assert len(merged) > 1
        assert seen.rest.n >= LEAST
        part = seen.rest.part
        if 0 < part < seen.rest.n:
            ranges = [range(counted[name][1] + 1) for name in merged]
            ways = [parts for parts in product(*ranges) if sum(parts) == part]
            for place in range(len(merged)):
                assert len({parts[place] for parts in ways}) > 1


def test_what_followed_the_criteria_betrays_no_small_group() -> None:
    assert fairness(cases((20, {}), (3, {"criteria": NOT_MET, "approved": False}))).followed is None
    some = cases((20, {}), (3, {"criteria": NOT_MET, "approved": False}), (20, {"criteria": READ}))
    seen = fairness(some)
    assert by_key(seen.criteria.shares) == {MET: (20, 20), None: (20, 23)} or by_key(seen.criteria.shares) == {
        READ: (20, 20),
        None: (20, 23),
    }
    assert seen.followed is None
    assert fairness(cases((20, {}))).followed == (20, 20)
    assert fairness([]).followed is None


def test_what_a_snapshot_says_of_the_criteria() -> None:
    assert criteria_of({}) == criteria_of({"more": None}) == READ
    assert criteria_of({"budget": True, "more": None}) == MET
    assert criteria_of({"budget": True, "pets": False}) == NOT_MET


def sentences(found: list[Case]) -> str:
    at = datetime.fromisoformat("2026-03-04T12:00:00+00:00")
    known = Measured(fairness(found), at, at + timedelta(days=2), {ANA: "Ana", BEN: "Ben"}, {ONE: "Flats"})
    return " ".join(opening(known, tables(known, 1, named=True), "UTC"))


def test_the_first_sentence_says_what_can_be_said_and_how_many_more_it_takes() -> None:
    assert sentences([]).startswith("Nothing can be said yet: nobody has decided on a page")
    assert sentences(HISTORY) == (
        "60 decisions on pages count, from Wed 4 Mar 2026 to Fri 6 Mar 2026. Something can be said about criteria, "
        "agents, hours and waiting times. Not yet about languages (at most 2 more in a second language) and versions "
        "(at most 2 more in a second version). A group needs 93 decisions until its true share is known to ten points: "
        "read the ranges, not the dots."
    )
    assert "Nothing can be said yet. Not yet about criteria (at most 3 more" in sentences(cases((7, {})))
    # The number of a group that is not shown is not in it either.
    assert "languages (at most 10 more" in sentences(cases((30, {}), (4, {"language": "es"}), (4, {"language": "fr"})))


# Pages ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def history(database: Database, cast: Cast) -> int:
    """Lena approved 12 of 14, Mira 3 of 12 and Leda 1 of 3; 40 by API, and others of another organization."""
    home = int(cast.marston.id)
    decided(
        database,
        cast,
        home,
        (12, {}),
        (2, {"approved": False}),
        (3, {"who": "mira"}),
        (9, {"who": "mira", "approved": False, "met": {"budget": False}}),
        (1, {"who": "leda", "locale": "es-MX"}),
        (2, {"who": "leda", "approved": False}),
        (40, {"via": "api"}),
    )
    decided(database, cast, cast.harbor.id, (30, {"who": "lars"}))
    return home


def test_the_rows_of_one_organization_are_read(database: Database, cast: Cast, history: int) -> None:
    with database.read() as db:
        seen = queries.measured(db, history, "UTC")
    assert by_key(seen.fairness.criteria.shares) == {MET: (16, 20), NOT_MET: (0, 9)}
    assert seen.fairness.followed == (25, 29)
    lena = cast.people["lena"].id
    # Leda's three are shown with those of the next agent.
    assert by_key(seen.fairness.agents.shares) == {lena: (12, 14), None: (4, 15)}
    assert by_key(seen.fairness.languages.shares) == {None: (16, 29)}
    assert set(seen.agents.values()) == {"Lena Ortiz", "Mira Haddad", "Leda Moss"}


def test_it_is_off_until_an_administrator_switches_it_on(
    database: Database, cast: Cast, client: FlaskClient, history: int
) -> None:
    cast.sign_in(client, "aude")
    page = text(client.get("/prescreens/fairness"))
    assert "It is off" in page
    assert "An administrator of the organization may switch it on." in page
    assert "29 decisions" not in page
    assert client.get("/prescreens/fairness?csv=agents").status_code == 400
    url = f"/prescreens/fairness/{history}"
    assert client.post(url, data={"csrf_token": csrf(client), "on": "on"}).status_code == 403
    adam = client.application.test_client()
    cast.sign_in(adam, "adam")
    for _ in range(2):
        assert adam.post(url, data={"csrf_token": csrf(adam), "on": "on"}).status_code == 303
    assert "29 decisions on pages count" in text(client.get("/prescreens/fairness"))
    assert adam.post(url, data={"csrf_token": csrf(adam), "on": "off"}).status_code == 303
    assert "It is off" in text(client.get("/prescreens/fairness"))
    with database.read() as db:
        found = db.scalars(select(Event).where(Event.subject_type == "prescreen_measures").order_by(Event.id)).all()
    assert [(each.data["before"], each.data["after"]) for each in found] == [(False, True), (True, False)]
    first: EventRow = found[0]
    assert EVENTS.timeline([found[0]])[0].text == "The fairness page switched on by Adam Reyes", first.kind


def test_a_switch_is_of_one_organization_and_one_measure(database: Database, cast: Cast) -> None:
    at = {"by": cast.actor("adam"), "now": now()}
    homes = cast.marston.id, cast.harbor.id
    with database.write() as db:
        for home, measure, on in (*product(homes, Measure, (True,)), (cast.marston.id, Measure.FAIRNESS, False)):
            assert switch_measure(db, home, measure, on, **at) is True
            assert switch_measure(db, home, measure, on, **at) is False, "it is so already"
    with database.read() as db:
        found = db.execute(select(MeasureSwitch.organization_id, MeasureSwitch.measure, MeasureSwitch.is_on))
        off = [(home, measure) for home, measure, is_on in found if not is_on]
    assert off == [(cast.marston.id, "fairness")]


def test_administrators_alone_see_names(database: Database, cast: Cast, client: FlaskClient, history: int) -> None:
    switch(database, cast, history)
    cast.sign_in(client, "aude")
    page = text(client.get("/prescreens/fairness"))
    assert re.search(r"<bdi>Agent [A-C]</bdi></th><td>12</td><td>14</td><td>86%</td><td>60% to 96%</td>", page)
    shown = f"{page} {client.get('/prescreens/fairness?csv=agents').text}"
    assert not [name for name in ("Lena", "Mira", "Leda") if name in shown]
    adam = client.application.test_client()
    cast.sign_in(adam, "adam")
    file = adam.get("/prescreens/fairness?csv=agents").text
    assert "Lena Ortiz,12,14,86%,60% to 96%," in file
    assert "2 others, not shown apart" in file
    # Leda has three, so that neither she nor the one who stands with her is named.
    assert "Leda" not in file
    assert "Mira" not in file


def test_who_may_not(database: Database, cast: Cast, client: FlaskClient, history: int) -> None:
    switch(database, cast, history)
    for who in ("lena", "leda", "ines", "otto"):
        someone = client.application.test_client()
        cast.sign_in(someone, who)
        assert someone.get("/prescreens/fairness").status_code == 403
        posted = someone.post(f"/prescreens/fairness/{history}", data={"csrf_token": csrf(someone), "on": "off"})
        assert posted.status_code == 403
        if who != "otto":
            assert 'href="/prescreens/fairness"' not in someone.get("/").text
    cast.sign_in(client, "abel")
    assert client.get(f"/prescreens/fairness?organization={history}").status_code == 404
    posted = client.post(f"/prescreens/fairness/{history}", data={"csrf_token": csrf(client), "on": "off"})
    assert posted.status_code == 404
    assert "It is off" in text(client.get("/prescreens/fairness"))
    hugo = client.application.test_client()
    cast.sign_in(hugo, "hugo")
    assert "29 decisions on pages count" in text(hugo.get(f"/prescreens/fairness?organization={history}"))
    assert hugo.get("/prescreens/fairness?organization=x").status_code == 404


def test_the_command_says_the_same(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch, history: int
) -> None:
    desk, at = Desk(database, monkeypatch), ("--organization", "marston")
    assert desk("fairness", "show", *at).exit_code == 1
    assert desk.json("fairness", "switch", "on", *at)["changed"]
    assert not desk.json("fairness", "switch", "on", *at)["changed"]
    found = desk.json("fairness", "show", *at)
    assert "29 decisions" in found["opening"]
    (first, rest) = found["agents"]["groups"]
    assert (first["approved"], first["decided"]) == (12, 14)
    assert re.fullmatch("Agent [A-C]", first["group"])
    assert rest["group"] == "2 others, not shown apart"
    assert desk.json("fairness", "show", *at, "--names")["agents"]["groups"][0]["group"] == "Lena Ortiz"
    assert "60% to 96%" in desk("fairness", "show", *at).stdout


def test_a_decision_through_the_desk_counts(database: Database, cast: Cast) -> None:
    """What the actions write is what is read."""
    ids = [prescreen(database, cast.marston.id) for _ in range(2)]
    with database.write() as db:
        for id, verb in zip(ids, ("approve", "deny"), strict=True):
            decide_in(db, cast, id, verb, seconds=0)
        db.execute(update(Prescreen).values(locale="fr"))
    with database.read() as db:
        seen = queries.measured(db, cast.marston.id, "UTC")
    assert seen.fairness.n == 2
    assert seen.fairness.criteria.shares == ()
    assert list(seen.agents.values()) == ["Lena Ortiz"]
