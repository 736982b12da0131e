"""Calibration rounds: the same cases without names for every agent, answered once, and how far agents agree."""

import csv
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, update

from app.accounts.models import Person
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict
from app.kernel.outbox.outbox import OutboxRow
from app.prescreens import actions
from app.prescreens.actions.announce_answers import next_eight
from app.prescreens.actions.erase import erase_prescreens
from app.prescreens.measures import CalibrationAnswer, CalibrationCase, CalibrationRound, Measure
from app.prescreens.models import Prescreen
from app.prescreens.presentation.calibration import finding
from app.prescreens.queries import calibration as queries
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.calibration import CASES, EVERY, Rated, Same, chosen, same, shown
from app.prescreens.rules.questions import read_questions
from tests.cast import Cast
from tests.cli.running import Desk
from tests.outgoing import Outbox
from tests.pages import csrf, text
from tests.prescreens.factories import QUESTIONS, prescreen

CANARY = "zebrafinch"


def switch(database: Database, cast: Cast, on: bool = True, home: str = "marston") -> None:
    with database.write() as db:
        id = cast.organizations[home].id
        actions.switch_measure(db, id, Measure.CALIBRATION, on, by=cast.actor("adam"), now=now())


def made(database: Database, days: float = 0) -> int:
    with database.write() as db:
        return actions.make_rounds(db, now() + timedelta(days=days))


def running(database: Database) -> queries.Round:
    with database.read() as db:
        found = db.execute(select(CalibrationRound.organization_id).order_by(CalibrationRound.number.desc())).first()
        assert found is not None
        return queries.rounds(db, found[0])[0]


@pytest.fixture
def round_(database: Database, cast: Cast) -> UUID:
    """A running round of Marston, out of six cases of which three were denied; the names are hidden."""
    given = {"fullName": f"Jane {CANARY}", "email": f"{CANARY}@example.com", "more": f"We are {CANARY}"}
    for n in range(6):
        decided = ("approved", "denied")[n % 2]
        prescreen(database, cast.marston.id, decided, given=given, notes=CANARY, at=now() - timedelta(days=1))
    switch(database, cast)
    assert made(database) == 1
    return running(database).id


def answers(client: FlaskClient, choice: str = "approve", **more: str) -> dict[str, str]:
    return {"csrf_token": csrf(client), **{f"choice-{place}": choice for place in range(1, CASES + 1)}, **more}


def answer(database: Database, cast: Cast, id: UUID, who: str, choice: str = "approve", days: float = 0) -> None:
    with database.write() as db:
        actions.answer_round(
            db,
            id,
            dict.fromkeys(range(1, CASES + 1), choice),
            person_id=cast.people[who].id,
            reach=Reach((cast.marston.id,)),
            by=cast.actor(who),
            now=now() + timedelta(days=days),
        )


# Rules ----------------------------------------------------------------------------------------------------------


def test_the_choice_is_the_same_however_often_and_in_whatever_order() -> None:
    ids = [UUID(int=n) for n in range(40)]
    assert chosen(ids, 1, 1) == chosen(reversed(ids), 1, 1)
    assert len(set(chosen(ids, 1, 1))) == CASES
    assert chosen(ids, 1, 1) != chosen(ids, 1, 2)
    assert chosen(ids, 1, 1) != chosen(ids, 2, 1)
    assert chosen(ids[:4], 1, 1) == []


def test_no_free_text_is_shown() -> None:
    further = [{"key": "job", "label": "What do you do?", "type": "text"}]
    assert [each.key for each in shown(read_questions([*QUESTIONS, *further]))] == [
        "moveInDate",
        "budget",
        "hasPets",
        "pets",
    ]


def test_one_beside_all() -> None:
    cases = [
        Rated("approve", {1: "approve", 2: "approve", 3: "deny"}),
        Rated("deny", {1: "approve", 2: "deny", 3: "deny"}),
        Rated("deny", {1: "deny", 2: "approve", 3: "deny"}),
        Rated("approve", {2: "approve"}),
    ]
    # Beside 1 the others are divided in the first and in the third case.
    assert same(cases, 1) == Same((0, 1), (2, 3))
    assert same(cases, 2) == Same((0, 1), (3, 4))
    assert same(cases, 3) == Same((0, 1), (2, 3))
    assert same(cases, 9) == Same((0, 0), (0, 0))


def test_the_finding_says_how_far_they_agree_or_how_many_more_it_takes() -> None:
    alike, apart = Rated("deny", {1: "deny", 2: "deny"}), Rated("deny", {1: "deny", 2: "approve"})
    both = Rated("approve", {1: "approve", 2: "approve"})
    assert finding([alike] * 9 + [Rated("deny", {1: "deny"})]).endswith(
        "It takes 1 more case to say how far they agree."
    )
    assert finding([alike] * 12) == "In all 12 cases that were answered, everybody chose the same."
    # 20 cases, 2 apart: of 40 answers 21 are approvals, so kappa = (0.9 - 0.50125) / 0.49875 = 0.80.
    known = [both] * 9 + [apart] * 2 + [alike] * 9
    assert finding(known).startswith("Agents agree with a kappa of 0.80; the true one")
    assert finding([*known, *[Rated("deny", {1: "deny"})] * 9]) == finding(known)


# Rounds ---------------------------------------------------------------------------------------------------------


def test_a_round_is_made_once_a_week_while_it_is_on(database: Database, cast: Cast, round_: UUID) -> None:
    with database.read() as db:
        cases = list(db.scalars(select(CalibrationCase.prescreen_id).order_by(CalibrationCase.place)))
    assert len(set(cases)) == CASES
    assert made(database) == 0
    assert made(database, 6.9) == 0
    # The one that is left is too few for a second.
    assert made(database, 8) == 0
    for _ in range(4):
        prescreen(database, cast.marston.id, "approved")
    assert made(database, 8) == 1
    assert running(database).number == 2
    with database.read() as db:
        assert db.scalar(select(func.count(func.distinct(CalibrationCase.prescreen_id)))) == 2 * CASES
        kinds = list(db.scalars(select(Event.kind).where(Event.subject_type == "prescreen_measures")))
    assert sorted(kind.partition(".")[2] for kind in kinds) == ["round_made", "round_made", "switched_on"]
    switch(database, cast, on=False)
    for _ in range(5):
        prescreen(database, cast.marston.id, "approved")
    assert made(database, 30) == 0


@pytest.mark.usefixtures("round_")
def test_a_round_is_of_one_organization(database: Database, cast: Cast) -> None:
    for _ in range(CASES):
        prescreen(database, cast.harbor.id, "approved", at=now() - timedelta(days=1))
    switch(database, cast, home="harbor")
    assert made(database) == 1, "whatever goes on elsewhere"
    of = CalibrationRound.organization_id
    cases = select(of, CalibrationRound.number, Prescreen.organization_id).distinct()
    cases = cases.join(CalibrationCase, CalibrationCase.round_id == CalibrationRound.id).join(Prescreen)
    with database.read() as db:
        found = db.execute(cases.order_by(of)).all()
    assert found == [(home.id, 1, home.id) for home in (cast.marston, cast.harbor)]


def test_nothing_is_made_before_it_is_switched_on(database: Database, cast: Cast) -> None:
    for _ in range(6):
        prescreen(database, cast.marston.id, "approved")
    assert made(database) == 0
    switch(database, cast, home="harbor")
    assert made(database) == 0


def test_answers_are_kept_once(database: Database, cast: Cast, round_: UUID) -> None:
    answer(database, cast, round_, "lena")
    with pytest.raises(Conflict, match="answers stay"):
        answer(database, cast, round_, "lena", "deny")
    with pytest.raises(Conflict, match="has ended"):
        answer(database, cast, round_, "mira", days=EVERY.days)
    with database.read() as db:
        assert set(db.scalars(select(CalibrationAnswer.choice))) == {"approve"}


# Pages ----------------------------------------------------------------------------------------------------------


def test_an_agent_answers_blindly_and_then_sees_how_it_was_decided(
    database: Database, cast: Cast, client: FlaskClient, round_: UUID
) -> None:
    answer(database, cast, round_, "mira", "deny")
    with database.read() as db:
        ids = [str(id) for id in db.scalars(select(CalibrationCase.prescreen_id))]
    cast.sign_in(client, "lena")
    page = text(client.get("/prescreens/calibration"))
    assert "What would you decide?" in page
    assert "2,500" in page
    hidden = (CANARY, *ids, "was approved", "was denied", "Mira", "would deny")
    assert [each for each in hidden if each in page] == []
    url = f"/prescreens/calibration/{round_}/answers"
    refused = client.post(url, data=answers(client, **{"choice-3": ""}))
    assert refused.status_code == 422
    assert "Case 3: Choose one of the two." in text(refused)
    assert client.post(url, data=answers(client)).status_code == 303
    page = text(client.get("/prescreens/calibration"))
    assert "What would you decide?" not in page
    assert page.count("you would approve it; 1 of 2 agents would approve it") == CASES
    assert "was approved" in page
    assert "was denied" in page
    assert CANARY not in page
    assert "Mira" not in page
    assert "<bdi>You</bdi>" in page
    assert client.post(url, data=answers(client, "deny")).status_code == 409


def test_an_erased_case_says_so_and_no_round_takes_one(
    client: FlaskClient, database: Database, cast: Cast, round_: UUID
) -> None:
    with database.write() as db:
        case = select(CalibrationCase.prescreen_id).where(CalibrationCase.round_id == round_)
        erased, kept = db.scalars(case.order_by(CalibrationCase.place).limit(2))
        erase_prescreens(db, [erased], by=cast.actor("adam"), now=now())
        db.execute(delete(CalibrationCase).where(CalibrationCase.prescreen_id.in_((erased, kept))))
        candidates = queries.candidates(db, cast.marston.id)
        assert kept in candidates
        assert erased not in candidates
        db.rollback()
        erase_prescreens(db, [erased], by=cast.actor("adam"), now=now())
    cast.sign_in(client, "lena")
    page = text(client.get("/prescreens/calibration"))
    assert page.count("The answers of this case were erased.") == 1
    answer(database, cast, round_, "lena")
    with database.read() as db:
        cases = queries.cases(db, [running(database)])
    assert len(queries.counted(cases)) == len(cases) - 1, "what nobody could see does not count"


def test_who_sees_names_and_who_may_not_answer(
    database: Database, cast: Cast, client: FlaskClient, round_: UUID
) -> None:
    answer(database, cast, round_, "mira", "deny")
    answer(database, cast, round_, "lena")
    url = f"/prescreens/calibration/{round_}/answers"
    for who in ("adam", "aude"):
        someone = client.application.test_client()
        cast.sign_in(someone, who)
        assert someone.post(url, data=answers(someone)).status_code == 403
        page = text(someone.get("/prescreens/calibration"))
        # Nothing of a round that runs.
        assert "Round 1 runs until" in page
        assert "would approve" not in page
    lars = client.application.test_client()
    cast.sign_in(lars, "lars")
    assert lars.post(url, data=answers(lars)).status_code == 404
    assert lars.get(f"/prescreens/calibration?organization={cast.marston.id}").status_code == 404
    with database.write() as db:
        db.execute(update(CalibrationRound).values(closes_at=now()))
    pages = {}
    for who in ("adam", "aude", "leda"):
        someone = client.application.test_client()
        cast.sign_in(someone, who)
        pages[who] = text(someone.get("/prescreens/calibration"))
        assert "1 of 2 agents would approve it" in pages[who]
    assert "<bdi>Lena Ortiz</bdi></th><td>0</td><td>5</td><td></td><td>0% to 43%</td>" in pages["adam"]
    assert "<bdi>Agent A</bdi>" in pages["aude"]
    assert "Lena" not in pages["aude"] + pages["leda"]
    # A lead makes a criterion of what divides them; administrators too, auditors not.
    edit = r"/edit?question=3#q3"
    assert [edit in pages[who] for who in ("adam", "aude", "leda")] == [True, False, True]


def test_a_round_as_a_file(database: Database, cast: Cast, client: FlaskClient, round_: UUID) -> None:
    """As far as its reader may see it: administrators by name, auditors by letter, agents themselves alone."""
    answer(database, cast, round_, "mira", "deny")
    url = f"/prescreens/calibration/{round_}/csv"

    def file(who: str, status: int = 200) -> str:
        someone = client.application.test_client()
        cast.sign_in(someone, who)
        answered = someone.get(url)
        assert answered.status_code == status, who
        return str(answered.text)

    # Nothing of a round that runs, but to those who answered it.
    for who in ("adam", "aude", "lena"):
        assert "still runs" in file(who, 409)
    assert file("mira").splitlines()[0].endswith("Case,Answers,Decided,Would approve,Would deny,You")
    file("lars", 404)
    file("otto", 403)
    answer(database, cast, round_, "lena")
    with database.write() as db:
        db.execute(update(CalibrationRound).values(closes_at=now()))
    head, *rows = csv.reader(file("adam").removeprefix("\ufeff").splitlines(keepends=True))
    assert head[5:] == ["Lena Ortiz", "Mira Haddad"]
    assert {tuple(row[3:]) for row in rows} == {("1", "1", "approve", "deny")}
    assert {row[2] for row in rows} == {"approved", "denied"}
    assert all("Monthly budget: 2,500" in row[1] for row in rows)
    heads = {who: file(who).splitlines()[0] for who in ("aude", "leda", "lena")}
    assert heads["aude"].endswith("Would deny,Agent A,Agent B")
    assert heads["leda"].endswith("Would deny")
    assert heads["lena"].endswith("Would deny,You")
    assert CANARY not in "".join(map(file, ("adam", "aude", "leda", "lena")))
    with database.read() as db:
        taken = db.scalars(select(Event).where(Event.kind == "desk.exported").order_by(Event.id)).all()
    assert len(taken) == 9
    assert taken[0].data == {"address": url, "rows": CASES, "ticked": False}


def test_charts_have_their_numbers_as_files(database: Database, cast: Cast, client: FlaskClient, round_: UUID) -> None:
    answer(database, cast, round_, "mira", "deny")
    answer(database, cast, round_, "lena")
    with database.write() as db:
        db.execute(update(CalibrationRound).values(closes_at=now()))
    cast.sign_in(client, "adam")
    page = client.get("/prescreens/calibration").text
    assert page.count('<figure class="chart"') == 3
    assert 'href="#round-1"' in page
    assert "Lena Ortiz,0,5,,0% to 43%" in client.get("/prescreens/calibration?csv=others").text
    assert "Round 1,5,10,50%" in client.get("/prescreens/calibration?csv=rounds").text
    assert client.get("/prescreens/calibration?csv=x").status_code == 400
    aude = client.application.test_client()
    cast.sign_in(aude, "aude")
    for key in ("others", "decided"):
        file = aude.get(f"/prescreens/calibration?csv={key}").text
        assert "Agent A," in file
        assert "Lena" not in file


def test_agents_who_want_to_hear_of_answers_hear_of_a_round_once(
    database: Database, cast: Cast, outbox: Outbox
) -> None:
    wanted = {"lena": "now", "mira": "daily", "leda": "never", "lars": "now", "adam": "now"}
    with database.write() as db:
        for who, when in wanted.items():
            db.execute(update(Person).where(Person.id == cast.people[who].id).values(new_answers=when, time_zone="UTC"))
    for n in range(6):
        decided = ("approved", "denied")[n % 2]
        prescreen(database, cast.marston.id, decided, given={"fullName": CANARY}, at=now() - timedelta(days=1))

    def mails() -> dict[str, OutboxRow]:
        rows = [row for row in outbox.rows("email") if "alibration" in row.payload["subject"]]
        assert len({row.payload["to"] for row in rows}) == len(rows)
        return {row.payload["to"]: row for row in rows}

    assert made(database) == 0
    assert mails() == {}, "it is off"
    switch(database, cast)
    at = now()
    assert made(database) == 1
    assert made(database) == 0
    found = mails()
    assert set(found) == {"lena@example.com", "mira@example.com"}
    assert found["lena@example.com"].due_at <= now()
    assert found["mira@example.com"].due_at == next_eight("UTC", at)
    content = found["lena@example.com"].payload
    assert content["subject"] == "Calibration round 1 at Marston & Vale can be answered"
    assert f"/prescreens/calibration?organization={cast.marston.id}" in str(content)
    assert CANARY not in str(content)


def test_administrators_switch_it(database: Database, cast: Cast, client: FlaskClient) -> None:
    prescreen(database, cast.marston.id)
    url = f"/prescreens/calibration/{cast.marston.id}"
    for who, status in (("lena", 403), ("aude", 403), ("abel", 404)):
        someone = client.application.test_client()
        cast.sign_in(someone, who)
        assert someone.post(url, data={"csrf_token": csrf(someone), "on": "on"}).status_code == status
    cast.sign_in(client, "adam")
    assert "It is off" in text(client.get("/prescreens/calibration"))
    assert client.post(url, data={"csrf_token": csrf(client), "on": "on"}).status_code == 303
    page = text(client.get("/prescreens/calibration"))
    assert "as soon as five decided cases are there" in page
    assert "within a minute" not in page
    assert "Calibration switched on by Adam Reyes" in page


@pytest.mark.usefixtures("round_")
def test_who_switches_it_on_again_hears_when_a_round_comes(database: Database, cast: Cast, client: FlaskClient) -> None:
    cast.sign_in(client, "adam")
    url, typed = f"/prescreens/calibration/{cast.marston.id}", {"csrf_token": csrf(client), "on": "on"}

    def switched_on() -> str:
        switch(database, cast, on=False)
        client.post(url, data=typed)
        return text(client.get("/prescreens/calibration"))

    assert "Calibration is on: the round that runs goes on" in switched_on()
    with database.write() as db:
        db.execute(update(CalibrationRound).values(closes_at=now()))
    assert "Calibration is on: a round comes as soon as five decided cases are there" in switched_on()
    for _ in range(4):
        prescreen(database, cast.marston.id, "approved", at=now() - timedelta(days=1))
    assert "Calibration is on: a round comes within a minute" in switched_on()


def test_the_command_says_the_same(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch, round_: UUID
) -> None:
    answer(database, cast, round_, "lena")
    desk, at = Desk(database, monkeypatch), ("--organization", "marston")
    assert not desk.json("calibration", "switch", "on", *at)["changed"]
    found = desk.json("calibration", "list", *at)
    assert [(each["round"], each["cases"], each["answered_by"]) for each in found["rounds"]] == [(1, 5, 1)]
    assert "It takes 10 more cases" in found["finding"]
    assert found["kappa"] is None
    (first, *_) = desk.json("calibration", "show", "1", *at)["cases"]
    assert list(first)[5:] == ["Agent A"]
    assert first["Agent A"] == "approve"
    named = desk.json("calibration", "show", "1", *at, "--names")["cases"]
    assert [each["Lena Ortiz"] for each in named] == ["approve"] * CASES
    assert CANARY not in str(named)
    assert desk("calibration", "show", "2", *at).exit_code == 1
    assert desk.json("calibration", "switch", "off", *at)["changed"]
