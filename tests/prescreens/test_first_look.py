"""The blind first look: what is hidden is in no byte that an agent gets before they choose; both choices are kept."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts.models import Person
from app.accounts.scope import Scope
from app.dashboard.documents.models import Document
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict
from app.prescreens import actions
from app.prescreens.models import COLUMNS, FirstLook, Prescreen, Questionnaire
from app.prescreens.queries import first_looks, reasons
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.first_look import shown, shown_answers
from app.prescreens.rules.questions import read_questions
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import at_once, csrf, presser, text
from tests.prescreens.decisions import decide, kinds
from tests.prescreens.factories import QUESTIONS, prescreen, stored, template
from tests.prescreens.test_approve import token

CANARY = "zebrafinch"
HIDDEN = {
    "fullName": f"Jane {CANARY}",
    "email": f"{CANARY}@example.com",
    "phone": "+1 202 555 0147",
    "more": f"We are {CANARY} and a family of four",
    "secretly": f"{CANARY} street",
    "after": f"{CANARY} avenue",
}
NEEDLES = (CANARY, "2025550147", "555-0147", "555 0147", "5550147")
FURTHER: list[dict[str, Any]] = [
    {"key": "secretly", "label": "Where do you live?", "type": "text", "hidden": True, "headline": True},
    {
        "key": "after",
        "label": "And before that?",
        "type": "text",
        "condition": {"all": [{"key": "secretly", "answered": True}]},
    },
]


@pytest.fixture
def questionnaire(database: Database, cast: Cast) -> UUID:
    """A questionnaire whose prescreens begin with a blind first look."""
    with database.write() as db:
        id = template(db, cast.marston.id, questions=[*QUESTIONS, *FURTHER], name="Blind one")
        db.execute(update(Questionnaire).where(Questionnaire.id == id).values(blind=True))
    return id


@pytest.fixture
def blind(database: Database, cast: Cast, questionnaire: UUID) -> UUID:
    """A prescreen that begins with one."""
    return prescreen(database, cast.marston.id, template_id=questionnaire, given={**HIDDEN, "budget": "1200"})


def look(client: FlaskClient, id: UUID, choice: str = "approve", version: str = "0") -> Any:
    return client.post(
        f"/prescreens/{id}/first-look", data={"csrf_token": csrf(client), "version": version, "choice": choice}
    )


def seen_version(database: Database, id: UUID) -> str:
    return str(stored(database, id).version)


def leaks(page: str) -> list[str]:
    return [needle for needle in NEEDLES if needle in page]


def test_what_is_hidden_follows_from_the_questions() -> None:
    questions = read_questions([*QUESTIONS, *FURTHER])
    assert [each.key for each in shown(questions)] == ["moveInDate", "budget", "hasPets", "pets"]
    assert shown_answers(questions, {"budget": 1, "fullName": "J", "asked1": "x", "after": "y"}) == {"budget": 1}


def everything(client: FlaskClient, id: UUID, message: Any) -> dict[str, str]:
    """Every page, fragment and file of the dashboard on which the prescreen may stand, by what was asked for."""
    own, today = f"/prescreens/{id}", f"{now():%Y-%m-%d}"
    counted = f"/prescreens/overview?rows=prescreen.completed&from={today}&to={today}"
    paths = ["/", "/prescreens", "/prescreens?state=all", "/prescreens/csv?state=all", own, f"{own}?ask=more"]
    paths += ["/prescreens/overview", counted, f"{counted}&csv=all", f"/search?q={id}", f"/palette?q={id}", "/palette"]
    paths += ["/messages", "/messages?view=queued", f"/messages/{message}", "/pending"]
    fragments = [("/prescreens", "queue"), ("/prescreens?state=all", "queue"), (own, "item"), (own, "queue")]
    asked = [(path, "") for path in paths] + fragments
    found = {}
    for path, target in asked:
        answer = client.get(path, headers={"HX-Request": "true", "HX-Target": target} if target else {})
        found[f"{path} {target}".strip()] = f"{answer.headers}{text(answer)}"
    return found


@pytest.fixture
def lena(client: FlaskClient, database: Database, cast: Cast) -> FlaskClient:
    """Lena, who has list and item side by side, and who decides finally at once."""
    with database.write() as db:
        mine = update(Person).where(Person.id == cast.lena.id)
        db.execute(mine.values(split_desks="prescreens", undo_seconds=0))
    return cast.sign_in(client, "lena")


def test_no_byte_before_the_first_choice_has_it(
    lena: FlaskClient, database: Database, blind: UUID, outbox: Outbox
) -> None:
    (message,) = [row.id for row in outbox.rows("email")]
    for verb in ("assign", "unassign", "assign", "tag", "approve", "deny", "ask"):
        form = {"csrf_token": csrf(lena), "version": seen_version(database, blind), "tag": "seen", "keys": "budget"}
        if verb in ("assign", "unassign"):
            form["version"] = re.findall(r'name="version" value="(\d+)"', text(lena.get(f"/prescreens/{blind}")))[0]
        answer = lena.post(f"/prescreens/{blind}/{verb}", data=form, follow_redirects=True)
        assert not leaks(text(answer)), verb
        assert answer.status_code == (409 if verb in ("approve", "deny", "ask") else 200), (verb, text(answer))
    before = everything(lena, blind, message)
    for what, page in before.items():
        assert not leaks(page), what
    label = f"Prescreen {blind.hex[:6]}"
    for what in ("/", "/prescreens", f"/prescreens/{blind}", f"/search?q={blind}", f"/palette?q={blind}"):
        assert label in before[what], what
    assert "1,200" in next(line for line in before["/prescreens/csv?state=all"].splitlines() if str(blind) in line)
    for words in (CANARY, "2025550147"):
        for path in (f"/prescreens?state=all&q={words}", f"/search?q={words}", f"/palette?q={words}"):
            found = text(lena.get(path))
            assert str(blind) not in found, "to find it would tell who it is from"
            assert label not in found
    assert look(lena, blind, version=seen_version(database, blind)).status_code == 303
    page = text(lena.get(f"/prescreens/{blind}"))
    assert all(HIDDEN[key] in page for key in ("fullName", "email", "more", "secretly", "after"))
    assert "At your first look you would approve this." in page
    assert str(blind) in text(lena.get(f"/prescreens?state=all&q={CANARY}"))
    assert CANARY in text(lena.get("/prescreens/csv"))


def test_others_are_not_told_apart_by_whose_they_are(
    lena: FlaskClient, database: Database, cast: Cast, questionnaire: UUID, blind: UUID
) -> None:
    with database.write() as db:
        plain = template(db, cast.marston.id, "plain", name="Plain one")
    known = prescreen(database, cast.marston.id, template_id=plain, given={**HIDDEN, "secretly": None, "after": None})
    assert str(blind) not in text(lena.get(f"/prescreens/{known}")).partition('class="further"')[2]
    assert "Here before" in text(lena.get("/prescreens"))
    later = prescreen(database, cast.marston.id, template_id=questionnaire, given={**HIDDEN, "more": "quokka"})
    page = text(lena.get(f"/prescreens/{later}"))
    assert not leaks(page.partition('id="item"')[2])
    assert str(known) not in page.partition('class="further"')[2]
    look(lena, blind, version=seen_version(database, blind))
    assert str(blind) in text(lena.get(f"/prescreens/{known}")).partition('class="further"')[2]


def test_each_agent_looks_once_and_both_choices_are_kept(
    client: FlaskClient, lena: FlaskClient, database: Database, cast: Cast, blind: UUID
) -> None:
    version = seen_version(database, blind)
    assert look(lena, blind, "perhaps", version).status_code == 422
    assert look(lena, blind, "deny", "1").status_code == 409, "changed since"
    assert look(lena, blind, "deny", version).status_code == 303
    assert look(lena, blind, "deny", version).status_code == 303, "twice"
    assert look(lena, blind, "approve", version).status_code == 409
    mira = cast.sign_in(client.application.test_client(), "mira")
    assert not leaks(text(mira.get(f"/prescreens/{blind}")))
    assert look(cast.sign_in(client.application.test_client(), "lars"), blind, "deny", version).status_code == 404
    for who in ("adam", "aude"):
        other = cast.sign_in(client.application.test_client(), who)
        assert HIDDEN["fullName"] in text(other.get(f"/prescreens/{blind}")), "they decide nothing"
        assert look(other, blind, "deny", version).status_code == 403
    fields = token(lena, f"/prescreens/{blind}")
    assert lena.post(f"/prescreens/{blind}/approve", data={**fields, "why": "Has a guarantor"}).status_code == 303
    with database.read() as db:
        kept = reasons.snapshot(db, blind)
        (event,) = db.scalars(select(Event).where(Event.kind == "prescreen.first_look"))
    assert kept is not None
    assert (kept.first_choice, kept.decision, event.data) == ("deny", "approved", {"choice": "deny"})
    assert look(mira, blind, "deny", version).status_code == 409
    assert HIDDEN["fullName"] in text(mira.get(f"/prescreens/{blind}")), "it is decided"
    overview = text(lena.get("/prescreens/overview"))
    assert "1 was decided after a blind first look, and differs from it: would have been denied." in overview


def test_of_many_presses_one_is_kept(client: FlaskClient, database: Database, cast: Cast, blind: UUID) -> None:
    version, url = seen_version(database, blind), f"/prescreens/{blind}/first-look"
    agents = [cast.sign_in(client.application.test_client(), "lena") for _ in range(6)]
    choices = ["approve", "deny"] * 3
    answers = at_once([presser(a, url, version=version, choice=c) for a, c in zip(agents, choices, strict=True)])
    assert sorted(answer.status_code for answer in answers) == [303] * 3 + [409] * 3
    with database.read() as db:
        assert len(db.scalars(select(FirstLook.choice)).all()) == 1
    assert kinds(database, blind).count("first_look") == 1


def test_nobody_looks_while_the_prospect_answers(database: Database, cast: Cast, questionnaire: UUID) -> None:
    id = prescreen(database, cast.marston.id, "active", template_id=questionnaire, given=dict(HIDDEN))
    with database.write() as db, pytest.raises(Conflict) as refused:
        actions.look(db, id, "approve", person_id=cast.lena.id, reach=Reach((cast.marston.id,)), version=None,
                     by=cast.actor("lena"), now=now())  # fmt: skip
    assert refused.value.code == "session.not_completed"
    with database.read() as db:
        assert not db.scalars(select(FirstLook.choice).where(FirstLook.prescreen_id == id)).all()


def test_nobody_decides_or_asks_before(database: Database, cast: Cast, blind: UUID) -> None:
    with pytest.raises(Conflict) as refused:
        decide(database, cast, blind)
    assert refused.value.code == "first_look.first"
    with database.write() as db, pytest.raises(Conflict, match="blind first look"):
        actions.ask(
            db,
            blind,
            ["budget"],
            [],
            "",
            reach=Reach((cast.marston.id,)),
            version=None,
            by=cast.actor("lena"),
            now=now(),
        )


def test_a_case_file_of_somebody_else_waits_for_the_own_look(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox, blind: UUID
) -> None:
    adam, leda = (cast.sign_in(client.application.test_client(), who) for who in ("adam", "leda"))
    form = {"csrf_token": csrf(adam, f"/prescreens/{blind}")}
    assert adam.post(f"/prescreens/{blind}/case_file", data=form).status_code == 303
    outbox.deliver_all()
    with database.read() as db:
        document = db.scalars(select(Document)).one()
    address = f"/documents/{document.id}/{document.name}"
    assert adam.get(address).status_code == 200
    assert leda.get(address).status_code == 404
    assert look(leda, blind, version=seen_version(database, blind)).status_code == 303
    assert leda.get(address).status_code == 200


def test_the_api_is_as_it_is_documented(client: FlaskClient, cast: Cast, blind: UUID) -> None:
    headers = cast.headers("prescreens")
    answer = client.get(f"/api/v1/sessions/{blind}", headers=headers).json
    assert answer["submission"]["fullName"] == HIDDEN["fullName"]
    body = {"reviewStatus": "approved"}
    assert client.patch(f"/api/v1/sessions/{blind}/review", json=body, headers=headers).status_code == 200


def test_leads_and_admins_switch_it_for_what_is_started_later(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    with database.write() as db:
        id = template(db, cast.marston.id)
    before = prescreen(database, cast.marston.id, template_id=id)
    url, on = f"/prescreens/questionnaires/{id}/blind", {"version": "1", "blind": "on"}
    for who, status in (("lena", 403), ("aude", 403), ("lars", 404), ("leda", 303), ("leda", 303)):
        other = cast.sign_in(client.application.test_client(), who)
        assert other.post(url, data={"csrf_token": csrf(other), **on}).status_code == status, who
    adam = cast.sign_in(client, "adam")
    assert "Blind first look: on" in text(adam.get(f"/prescreens/questionnaires/{id}/edit"))
    off = {"csrf_token": csrf(adam), "blind": "off"}
    assert adam.post(url, data={**off, "version": "1"}).status_code == 409, "changed since"
    after = prescreen(database, cast.marston.id, template_id=id)
    assert adam.post(url, data={**off, "version": "2"}).status_code == 303
    assert [stored(database, each).blind for each in (before, after)] == [False, True], "as it was when they started"
    with database.read() as db:
        found = db.scalars(select(Event).where(Event.kind.startswith("questionnaire.blind")).order_by(Event.id)).all()
    assert [(event.kind, event.data) for event in found] == [
        ("questionnaire.blind_on", {"before": False, "after": True}),
        ("questionnaire.blind_off", {"before": True, "after": False}),
    ]


def test_a_statement_keeps_back_what_rows_keep_back(database: Database, cast: Cast, questionnaire: UUID) -> None:
    """Lists are narrowed by a condition, pages by their rows: of each viewer both say the same."""
    long_ago = now() - timedelta(days=40)
    ids = [prescreen(database, cast.marston.id, template_id=questionnaire, given=HIDDEN) for _ in range(2)]
    ids += [prescreen(database, cast.marston.id, template_id=questionnaire, given=HIDDEN, at=long_ago)]
    ids += [prescreen(database, cast.marston.id, "approved", template_id=questionnaire, given=HIDDEN)]
    ids += [prescreen(database, cast.harbor.id)]
    with database.write() as db:
        reach = {"reach": Reach((cast.marston.id,)), "by": cast.actor("lena"), "now": now()}
        actions.look(db, ids[0], "approve", person_id=cast.lena.id, version=None, **reach)
    mine, nobodys = frozenset([cast.marston.id]), frozenset[int]()
    with database.read() as db:
        rows = db.execute(select(*COLUMNS)).all()
        for who, scope, hidden in (
            ("lena", Scope(False, mine), {ids[1]}),
            ("mira", Scope(False, mine), {ids[0], ids[1]}),
            ("aude", Scope(False, nobodys), set()),
            ("lars", Scope(False, frozenset([cast.harbor.id])), set()),
            ("hugo", Scope(True, nobodys), {ids[0], ids[1]}),
        ):
            viewer = first_looks.Looker(cast.people[who].id, scope)
            known = set(db.scalars(select(Prescreen.id).where(first_looks.known_to(viewer, now()))))
            assert first_looks.unseen(db, rows, viewer, now()) == hidden, who
            assert {row.id for row in rows} - known == hidden, who
