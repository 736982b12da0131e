"""Where prospects leave: counted as they answer, read by version, and never what they typed."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens import actions
from app.prescreens.measures import QuestionCount
from app.prescreens.models import Prescreen
from app.prescreens.presentation.drop_off import finding
from app.prescreens.queries import drop_off, questionnaires
from app.prescreens.rules import progress
from app.prescreens.rules.drop_off import drop_off as of_counts
from app.prescreens.rules.progress import Step
from app.prescreens.rules.questions import read_questions
from tests.cast import Cast
from tests.cli.running import Desk
from tests.prescreens.factories import JANE, PROSPECT, QUESTIONS, prescreen
from tests.prescreens.visitors import START, Visitor, answer_all


def counted(database: Database) -> dict[tuple[str, str], int]:
    with database.read() as db:
        id = db.scalars(select(QuestionCount.workflow_template_id)).first()
        return drop_off.counts(db, id, 1) if id else {}


def test_each_prospect_counts_once_at_each_question(visitor: Visitor, database: Database) -> None:
    visitor.get(START).press("/start")
    assert counted(database) == {("fullName", "shown"): 1}
    answer_all(visitor)
    visitor.change("budget").press("/answer", step="budget", answer="2600")
    visitor.change("hasPets").press("/answer", step="hasPets", answer="no")
    visitor.change("hasPets").press("/answer", step="hasPets", answer="yes")
    visitor.press("/answer", step="pets", answer="1 dog")
    visitor.press("/complete")
    keys = [question["key"] for question in QUESTIONS]
    assert counted(database) == {
        **{(key, "shown"): 1 for key in [*keys, ""]},
        **{(key, "answered"): 1 for key in keys if key != "more"},
        ("more", "empty"): 1,
        ("", "sent"): 1,
    }


def test_refusals_are_counted_by_their_reason_and_hold_no_text(visitor: Visitor, database: Database) -> None:
    visitor.get(START).press("/start")
    visitor.press("/answer", step="fullName", answer="Jane Smith")
    visitor.press("/answer", step="moveInDate", answer="canary")
    visitor.press("/answer", step="moveInDate", answer="canary again")
    visitor.press("/answer", step="moveInDate", answer="")
    found = counted(database)
    assert found["moveInDate", "refused:not_a_date"] == 2
    assert found["moveInDate", "refused:required"] == 1
    assert ("moveInDate", "answered") not in found
    visitor.press("/answer", step="canary", answer="canary")
    assert "canary" not in str(counted(database))


def test_there_are_as_many_rows_as_questions_however_many_prospects(database: Database, cast: Cast) -> None:
    def rows() -> int:
        with database.read() as db:
            return db.scalar(select(func.count()).where(QuestionCount.slot == 0)) or 0

    for _ in range(20):
        prescreen(database, cast.marston.id)
    once = rows()
    for _ in range(20):
        prescreen(database, cast.marston.id)
    assert rows() == once or database.url.get_backend_name() == "postgresql"
    assert counted(database)["fullName", "answered"] == 40
    assert sum(n for _, n in counted(database).items()) == 40 * (2 * 8 + 1)


def test_who_began_before_it_was_counted_is_not(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    before = counted(database)
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == id).values(progress=None))
    for key, value in JANE.items():
        with database.write() as db:
            actions.answer(db, id, key, [value], by=PROSPECT, now=now())
    assert counted(database) == before


def test_a_fresh_start_is_shown_what_its_old_answers_leave_open(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, at=now() - timedelta(days=31))
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == id).values(renewed_at=now()))
    before = counted(database)
    with database.write() as db:
        current = questionnaires.by_address(db, "marston", "two-bedroom")
        assert current is not None
        left = [each.left for each in drop_off.drop_off(db, current).asked]
        new = actions.start_again(db, id, current, by=PROSPECT, now=now())
    assert counted(database) == {**before, ("more", "shown"): before["more", "shown"] + 1}
    with database.write() as db:
        actions.answer(db, new, "more", [""], by=PROSPECT, now=now())
        actions.complete(db, new, by=PROSPECT, now=now())
    with database.read() as db:
        assert [each.left for each in drop_off.drop_off(db, current).asked] == left, "nobody else has left"


def test_a_question_that_is_answered_unseen_was_shown() -> None:
    reached, steps = progress.after_answer({"a": "answered"}, "b", True, None)
    assert reached == {"a": "answered", "b": "answered", "": "shown"}
    assert steps == [Step("b", "shown"), Step("b", "answered"), Step("", "shown")]


def table(*rows: tuple[str, str, int]) -> Any:
    questions = read_questions([question for question in QUESTIONS if question["key"] in ("fullName", "budget")])
    return of_counts(questions, {(key, what): n for key, what, n in rows})


def test_the_finding_says_how_many_of_how_many() -> None:
    seen = table(
        ("fullName", "shown", 100),
        ("fullName", "answered", 90),
        ("budget", "shown", 90),
        ("budget", "answered", 60),
        ("budget", "refused:not_a_number", 7),
        ("", "shown", 60),
        ("", "sent", 57),
    )
    assert [(each.shown, each.answered, each.left, each.refusals) for each in seen.asked] == [
        (100, 90, 10, 0),
        (90, 60, 30, 7),
        (60, 57, 3, 0),
    ]
    # Wilson: 57 of 100 is 47.2 to 66.3, 30 of 90 is 24.5 to 43.6.
    assert finding(seen) == (
        "57 have sent their answers, of 100 people who pressed Start, which makes the true share 47% to 66%. "
        "Most leave at “Monthly budget”: 30 of the 90 who saw it, 24% to 44%."
    )


def test_what_chance_would_do_is_no_finding() -> None:
    seen = table(
        ("fullName", "shown", 40),
        ("fullName", "answered", 37),
        ("budget", "shown", 37),
        ("budget", "answered", 35),
        ("", "shown", 35),
        ("", "sent", 34),
    )
    most = "The most are lost at “What is your full name”: 3 of the 40 who saw it."
    assert finding(seen).endswith(f"No question loses more than chance would. {most}")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "Nobody has pressed Start since this is counted."),
        (
            [("fullName", "shown", 29), ("", "shown", 1), ("", "sent", 1)],
            "1 has sent their answers, of 29 people who pressed Start. That is too few to say where they leave: "
            "1 more person must start.",
        ),
    ],
)
def test_too_few_are_no_share(rows: list[tuple[str, str, int]], text: str) -> None:
    assert finding(table(*rows)) == text


def test_the_page_leads_to_the_draft(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = prescreen(database, cast.marston.id, "active")
    with database.read() as db:
        questionnaire_id = db.scalars(select(Prescreen.workflow_template_id).where(Prescreen.id == id)).one()
    url = f"/prescreens/questionnaires/{questionnaire_id}"
    cast.sign_in(client, "leda")
    assert f'href="{url}/drop-off?version=1"' in client.get(url).text
    page = client.get(f"{url}/drop-off").text
    assert "29 more people must start." in page
    assert f'href="{url}/edit?question=3#q3"' in page
    assert client.get(f"{url}/drop-off?version=9").status_code == 404
    lena = client.application.test_client()
    cast.sign_in(lena, "lena")
    page = lena.get(f"{url}/drop-off").text
    assert "Where prospects leave" in page
    assert "Fix this question" not in page
    lars = client.application.test_client()
    cast.sign_in(lars, "lars")
    assert lars.get(f"{url}/drop-off").status_code == 404


def test_the_command_says_the_same(database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    prescreen(database, cast.marston.id)
    at = ("--organization", "marston", "--questionnaire", "two-bedroom")
    found = Desk(database, monkeypatch).json("questionnaire", "drop-off", *at)
    assert (found["started"], found["sent"], len(found["questions"])) == (1, 1, 9)
    assert found["questions"][2] == {
        "key": "budget",
        "shown": 1,
        "answered": 1,
        "left_empty": 0,
        "refused": {},
        "left": 0,
    }
