"""Questionnaires in the browser: made, changed, published, restored, opened, closed, deleted, by those who may."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Invalid
from app.prescreens.actions import forget_drafts
from app.prescreens.actions import questionnaires as actions
from app.prescreens.models import Questionnaire, QuestionnaireVersion, QuestionType
from app.prescreens.queries import questionnaires
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.questions import Question, read_questions
from tests.cast import Cast
from tests.clocks import Clock
from tests.pages import at_once, csrf, digest, one_wins, presser, text
from tests.prescreens.factories import QUESTIONS, prescreen, stored, template

LISTED = "/prescreens/questionnaires"


class Editor:
    """A lead of Marston with the questionnaire of the factories, at its newest revision."""

    def __init__(self, client: FlaskClient, database: Database, cast: Cast) -> None:
        self.database, self.cast = database, cast
        with database.write() as db:
            self.id = template(db, cast.marston.id)
        self.client = cast.sign_in(client, "leda")
        self.url = f"{LISTED}/{self.id}"

    @property
    def row(self) -> Questionnaire:
        with self.database.read() as db:
            return db.get_one(Questionnaire, self.id)

    @property
    def draft(self) -> list[dict[str, Any]]:
        return list((self.row.draft or {})["questions"])

    def post(self, path: str, **typed: Any) -> Any:
        data = {"csrf_token": csrf(self.client), "version": self.row.revision, **typed}
        return self.client.post(f"{self.url}/{path}", data=data)

    def fields(self, number: int) -> dict[str, Any]:
        """The form of a question as it is shown, to change one field of it."""
        page = self.client.get(f"{self.url}/edit?question={number}").text
        form = page.partition('class="question-form"')[2].partition("</form>")[0]
        found: dict[str, Any] = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]* type="text" value="([^"]*)"', form))
        for name in re.findall(r'<input checked[^>]*name="(\w+)"[^>]*type="checkbox"', form):
            found[name] = "y"
        for name, options_of in re.findall(r'<select[^>]*name="(clause_\w+)".*?>(.*?)</select>', form):
            chosen = re.search(r'value="([^"]*)" selected', options_of)
            found[name] = chosen[1] if chosen else ""
        found |= dict(re.findall(r'name="(clause_value_\d)" value="([^"]*)"', form))
        asked = re.search(r'name="asked" value="(\w+)" checked', form)
        options = re.search(r'name="options"[^>]*>([^<]*)<', form)
        assert asked is None or asked[1]
        return {**found, "asked": asked[1] if asked else "always", "options": options[1].strip() if options else ""}

    def confirmed(self, path: str, **typed: Any) -> Any:
        data = {"csrf_token": csrf(self.client), "version": self.row.revision, **typed}
        return presser(self.client, f"{self.url}/{path}", preview=True, **data)()

    def events(self) -> list[Event]:
        with self.database.read() as db:
            rows = select(Event).where(Event.subject_type == "questionnaire").order_by(Event.id)
            return list(db.scalars(rows))


@pytest.fixture
def editor(client: FlaskClient, database: Database, cast: Cast) -> Editor:
    return Editor(client, database, cast)


def test_from_nothing_to_the_first_answer_in_the_browser(client: FlaskClient, database: Database, cast: Cast) -> None:
    leda = cast.sign_in(client, "leda")
    assert "Create the first one" in leda.get(LISTED).text
    made = leda.post(LISTED, data={"csrf_token": csrf(leda), "name": "Garden flat", "start": "home"})
    assert made.status_code == 303
    url = made.location.removesuffix("/edit")
    page = leda.get(made.location).text
    assert "What can you spend on rent each month?" in page
    assert client.get("/p/marston/garden-flat").status_code == 404, "nobody sees a draft"
    data = {"csrf_token": csrf(leda), "version": "1"}
    shown = leda.post(f"{url}/publish", data={**data, "step": "preview"})
    assert "Publish version 1" in shown.text
    published = leda.post(f"{url}/publish", data={**data, "preview": digest(shown)})
    assert published.status_code == 303
    welcome = client.application.test_client().get("/p/marston/garden-flat")
    assert (welcome.status_code, "Garden flat" in welcome.text) == (200, True)
    assert "Garden flat" in leda.get(LISTED).text


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("introduction", {"introduction": "x"}),
        ("rename", {"name": "x"}),
        ("questions", {"label": "Is there a lift?", "type": "yesno"}),
        ("questions/1", {"label": "x", "asked": "always"}),
        ("questions/2/move", {"direction": "up"}),
        ("questions/2/remove", {}),
        ("publish", {"reason": "x", "step": "preview"}),
        ("restore/1", {"reason": "x", "step": "preview"}),
        ("discard", {"step": "preview"}),
        ("close", {}),
        ("open", {}),
        ("delete", {"step": "preview"}),
        ("preview", {}),
    ],
)
def test_agents_auditors_and_strangers_may_not(editor: Editor, path: str, typed: Mapping[str, str]) -> None:
    before = editor.row
    for who, status in (("lena", 403), ("aude", 403), ("abel", 404), ("lars", 404)):
        other = editor.cast.sign_in(editor.client, who)
        data = {"csrf_token": csrf(other), "version": "1", **typed}
        assert other.post(f"{editor.url}/{path}", data=data).status_code == status, who
        assert other.get(f"{editor.url}/edit").status_code == status
        assert other.get(editor.url).status_code == (200 if status == 403 else 404)
    assert editor.row.revision == before.revision


def test_admins_edit_and_do_not_decide(editor: Editor) -> None:
    adam = editor.cast.sign_in(editor.client, "adam")
    data = {"csrf_token": csrf(adam), "version": "1", "introduction": "Welcome."}
    assert adam.post(f"{editor.url}/introduction", data=data).status_code == 303
    assert editor.row.draft is not None
    waiting = prescreen(editor.database, editor.cast.marston.id)
    decided = adam.post(f"/prescreens/{waiting}/approve", data={**data, "step": "preview"})
    assert decided.status_code == 403


def test_a_lead_decides_as_an_agent_does(editor: Editor) -> None:
    waiting = prescreen(editor.database, editor.cast.marston.id)
    leda = editor.cast.sign_in(editor.client, "leda")
    url = f"/prescreens/{waiting}/approve"
    version = stored(editor.database, waiting).version
    assert presser(leda, url, preview=True, version=version)().status_code == 303


def test_a_question_is_changed_and_its_change_is_recorded(editor: Editor) -> None:
    fields = editor.fields(3)
    assert fields["rule_at_least"] == "2400"
    answer = editor.post("questions/3", **{**fields, "rule_at_least": "2,600", "criterion": "at least 2,600"})
    assert answer.status_code == 303
    assert editor.draft[2]["expects"] == {"at_least": 2600}
    assert editor.draft[0]["key"] == "fullName"
    recorded = editor.events()[-1]
    assert recorded.kind == "questionnaire.draft_changed"
    assert recorded.data["before"]["budget"] == {"criterion": "at least 2,400", "expects": {"at_least": 2400}}
    assert recorded.data["after"]["budget"] == {"criterion": "at least 2,600", "expects": {"at_least": 2600}}
    page = editor.client.get(f"{editor.url}/edit").text
    assert "changes what the key means" in page


def test_saving_what_is_there_changes_nothing(editor: Editor) -> None:
    for number in range(1, 9):
        assert editor.post(f"questions/{number}", **editor.fields(number)).status_code == 303
        assert editor.row.draft is None, f"question {number} came back as another one"
    assert editor.row.revision == 1
    assert editor.events() == []


def test_a_draft_that_says_what_is_published_is_none(editor: Editor) -> None:
    editor.post("questions/2/move", direction="up")
    assert [q["key"] for q in editor.draft][:2] == ["moveInDate", "fullName"]
    editor.post("questions/1/move", direction="down")
    assert editor.row.draft is None
    assert editor.row.revision == 3


def test_questions_are_added_moved_and_removed(editor: Editor) -> None:
    added = editor.post("questions", label="How many cars will you park?", type="number")
    assert added.location.endswith("?question=9#q9")
    assert editor.draft[8] == {
        "key": "carsPark",
        "label": "How many cars will you park?",
        "type": "number",
        "bounds": {"at_least": 0, "at_most": 100, "whole": True},
    }
    assert editor.post("questions/9/move", direction="up").location.endswith("?question=8#q8")
    editor.post("questions/1/remove")
    assert [q["key"] for q in editor.draft][:1] == ["moveInDate"]
    assert editor.draft[6]["key"] == "carsPark"
    assert editor.post("questions/44/remove").status_code == 404


def test_a_published_key_is_locked_and_a_new_one_is_not(editor: Editor) -> None:
    assert "readonly" in editor.client.get(f"{editor.url}/edit?question=3").text
    editor.post("questions/3", **{**editor.fields(3), "key": "rent", "hint": "In dollars"})
    assert editor.draft[2]["key"] == "budget"
    editor.post("questions", label="Any other lease?", type="yesno")
    editor.post("questions/9", **{**editor.fields(9), "key": "lease"})
    assert editor.draft[8]["key"] == "lease"


def test_conditions_are_typed_in_words(editor: Editor) -> None:
    editor.post("questions", label="Where do they sleep?", type="text")
    clauses = {"clause_key_0": "pets", "clause_test_0": "one_of", "clause_value_0": "One dog, 1 cat"}
    more = {"clause_key_1": "budget", "clause_test_1": "at_least", "clause_value_1": "2,000"}
    assert editor.post("questions/9", **{**editor.fields(9), "asked": "any", **clauses, **more}).status_code == 303
    assert editor.draft[8]["condition"] == {
        "any": [{"key": "pets", "one_of": ["1 dog", "1 cat"]}, {"key": "budget", "at_least": 2000}]
    }
    refused = editor.post("questions/9", **{**editor.fields(9), "asked": "all", **clauses, "clause_value_0": "a horse"})
    assert refused.status_code == 422
    assert "One cat, One dog" in text(refused)


def test_publishing_keeps_people_in_the_middle_on_their_version(editor: Editor) -> None:
    begun = prescreen(editor.database, editor.cast.marston.id, "active", template_id=editor.id)
    editor.post("questions/1/remove")
    answer = editor.confirmed("publish", reason="The name is asked elsewhere")
    assert answer.status_code == 303
    with editor.database.read() as db:
        versions = questionnaires.versions(db, editor.id)
        assert [(each.number, each.author, each.reason) for each in versions] == [
            (2, "Leda Moss", "The name is asked elsewhere"),
            (1, "", ""),
        ]
        first = db.get_one(QuestionnaireVersion, (editor.id, 1))
        assert first.questions[0]["key"] == "fullName"
    assert editor.row.draft is None
    with editor.database.read() as db:
        from app.prescreens.queries import detail

        kept = detail.get(db, begun)
        assert kept is not None
        assert kept.template_version == 1
    last = editor.events()[-1]
    assert last.kind == "questionnaire.published"
    assert last.data["before"]["fullName"]["label"] == "What is your full name?"
    page = editor.client.get(editor.url).text
    assert "What version 2 changed" in page
    assert "The name is asked elsewhere" in page


def test_publishing_wants_a_reason_and_a_difference(editor: Editor) -> None:
    assert editor.confirmed("publish", reason="None").status_code == 409
    editor.post("questions/1/remove")
    assert editor.confirmed("publish", reason="").status_code == 422
    assert editor.row.current_version == 1


def test_what_is_unfinished_is_not_published(editor: Editor) -> None:
    editor.post("questions/4/remove")  # the fifth depends on it
    page = editor.client.get(f"{editor.url}/edit").text
    assert "It depends on a question that does not come before it." in page
    refused = editor.confirmed("publish", reason="Shorter")
    assert refused.status_code == 422
    assert "Question 4: It depends on a question" in text(refused)
    assert editor.row.current_version == 1


def test_an_earlier_version_is_published_again(editor: Editor) -> None:
    editor.post("questions/1/remove")
    editor.confirmed("publish", reason="Shorter")
    editor.post("introduction", introduction="A draft that stays")
    answer = editor.confirmed("restore/1", reason="The name was missed")
    assert answer.status_code == 303
    with editor.database.read() as db:
        first, third = (db.get_one(QuestionnaireVersion, (editor.id, number)) for number in (1, 3))
        found = [questionnaires.read_questions(each.questions) for each in (first, third)]
    assert found[0] == found[1]
    assert editor.row.draft is not None
    assert editor.events()[-1].data["restored"] == 1
    assert editor.confirmed("restore/3", reason="again").status_code == 409


def test_stale_forms_change_nothing_and_say_who_was_first(editor: Editor) -> None:
    editor.post("introduction", introduction="First")
    late = editor.post("introduction", introduction="Second", version="1")
    assert late.status_code == 409
    assert "changed the draft" in text(late)
    assert (editor.row.draft or {})["introduction"] == "First"


def test_two_publish_at_once_and_one_version_comes_of_it(editor: Editor) -> None:
    editor.post("questions/1/remove")
    revision = editor.row.revision
    presses = []
    for who in ("leda", "adam"):
        browser = editor.cast.sign_in(editor.client.application.test_client(), who)
        presses.append(
            presser(browser, f"{editor.url}/publish", preview=True, version=revision, reason=f"Said by {who}")
        )
    one_wins(at_once(presses))
    assert editor.row.current_version == 2


def test_closing_and_opening(editor: Editor) -> None:
    prospect = editor.client.application.test_client()
    assert editor.post("close").status_code == 303
    assert prospect.get("/p/marston/two-bedroom").status_code == 410
    assert editor.post("close").status_code == 303
    assert editor.post("open").status_code == 303
    assert prospect.get("/p/marston/two-bedroom").status_code == 200
    assert [event.kind for event in editor.events()] == ["questionnaire.closed", "questionnaire.opened"]


def test_only_an_unused_one_is_deleted(editor: Editor) -> None:
    begun = prescreen(editor.database, editor.cast.marston.id, "draft", template_id=editor.id)
    assert begun
    refused = editor.confirmed("delete")
    assert refused.status_code == 409
    assert "cannot be deleted" in text(refused)
    with editor.database.write() as db:
        unused = template(db, editor.cast.marston.id, slug="unused")
    editor.url, editor.id = f"{LISTED}/{unused}", unused
    assert editor.confirmed("delete").status_code == 303
    with editor.database.read() as db:
        assert db.get(Questionnaire, unused) is None
    assert editor.events()[-1].data["name"] == "Two-bedroom prescreen"
    assert editor.client.get(f"{LISTED}/{unused}").status_code == 404


def test_a_start_that_is_forgotten_keeps_none_from_being_deleted(editor: Editor, clock: Clock) -> None:
    prescreen(editor.database, editor.cast.marston.id, "draft", template_id=editor.id)
    clock.move(days=8)
    with editor.database.write() as db:
        assert forget_drafts(db, clock.now()) == 1
    editor.cast.sign_in(editor.client, "leda")
    assert editor.confirmed("delete").status_code == 303
    with editor.database.read() as db:
        assert db.get(Questionnaire, editor.id) is None


def test_a_copy_takes_what_is_published_and_an_address_of_its_own(editor: Editor) -> None:
    data = {"csrf_token": csrf(editor.client), "name": "Two-bedroom", "start": f"copy:{editor.id}"}
    first, second = (editor.client.post(LISTED, data=data) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    with editor.database.read() as db:
        rows = db.scalars(select(Questionnaire).where(Questionnaire.name == "Two-bedroom")).all()
    assert {row.slug for row in rows} == {"two-bedroom-2", "two-bedroom-3"}
    assert all((row.draft or {})["questions"][0]["key"] == "fullName" for row in rows)
    with editor.database.write() as db:
        foreign = template(db, editor.cast.harbor.id)
    other = editor.client.post(LISTED, data={**data, "start": f"copy:{foreign}"})
    assert other.status_code == 422, "not offered, so not taken"


def test_the_preview_walks_the_draft_and_makes_no_row(editor: Editor) -> None:
    editor.post("introduction", introduction="Walked")
    page = editor.client.get(f"{editor.url}/preview").text
    given, step, typed = "", "fullName", ["Jane Smith", "2027-04-01", "lots"]
    for answer in typed:
        assert f'name="step" value="{step}"' in page
        page = editor.post("preview", step=step, given=given, answer=answer).text
        step = re.search(r'name="step" value="(\w+)"', page)[1]  # type: ignore[index]
        given = re.search(r'name="given" value="([^"]*)"', page)[1].replace("&#34;", '"')  # type: ignore[index]
    assert step == "budget"
    assert "Please type a number in digits" in page
    assert editor.post("preview", step="fullName", given='["no"]', answer="Jane").status_code == 200
    assert editor.post("preview", step="fullName", given='{"fullName": 3, "x": [1]}', answer="J").status_code == 200
    with editor.database.read() as db:
        assert [row.started for row in questionnaires.listing(db, questionnaires.Reach(None))] == [0]


HOSTILE = '<script>alert(1)</script>" onmouseover="x \u202eevil'


def test_hostile_text_is_inert(editor: Editor) -> None:
    questions = [
        {
            "key": "<b>k</b>\x0b'\"/" + "k" * 10_000,
            "label": HOSTILE,
            "type": "text",
            "hint": HOSTILE,
            "criterion": HOSTILE,
        },
        {"key": "n", "label": HOSTILE, "type": "choice", "options": [{"value": HOSTILE, "label": HOSTILE}] * 2},
    ]
    with editor.database.write() as db:
        editor.id = template(db, editor.cast.marston.id, slug="hostile", name=HOSTILE, questions=questions)
    editor.url = f"{LISTED}/{editor.id}"
    editor.post("questions", label=HOSTILE, type="longtext")
    editor.confirmed("publish", reason=HOSTILE)
    for path in ("", "/edit", "/edit?question=1", "/edit?question=2", "/edit?question=3", "/preview"):
        page = editor.client.get(editor.url + path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text
        assert '" onmouseover' not in page.text
    assert editor.client.get(f"/prescreens/questionnaires/new?from={HOSTILE}").status_code == 200


@pytest.mark.parametrize(("who", "status"), [("leda", 200), ("adam", 200), ("lena", 403), ("aude", 403), ("ada", 403)])
def test_who_may_not_make_one_sees_no_form_of_it(client: FlaskClient, cast: Cast, who: str, status: int) -> None:
    assert cast.sign_in(client, who).get("/prescreens/questionnaires/new").status_code == status


def test_the_id_of_no_questionnaire(editor: Editor) -> None:
    nothing = UUID(int=7)
    assert editor.client.get(f"{LISTED}/{nothing}/edit").status_code == 404


def test_a_key_keeps_its_type_for_good_also_when_it_was_away(editor: Editor, database: Database, cast: Cast) -> None:
    """Answers of an earlier version lie under it: a number must not become a text."""
    at = {"reach": Reach((cast.marston.id,)), "revision": None, "by": cast.actor("leda"), "now": now()}

    def write(change: Callable[[tuple[Question, ...]], tuple[Question, ...]]) -> None:
        with database.write() as db:
            changed = actions.change_draft(
                db, editor.id, lambda content: replace(content, questions=change(content.questions)), **at
            )
        assert changed

    def publish() -> int:
        with database.write() as db:
            return actions.publish(db, editor.id, "So that it fits", **at)

    (budget,) = (question for question in read_questions(QUESTIONS) if question.key == "budget")
    write(lambda questions: tuple(each for each in questions if each.key != "budget"))
    assert publish() == 2
    write(lambda questions: (*questions, Question("budget", "Why?", QuestionType.TEXT)))
    with pytest.raises(Invalid):
        publish()
    write(lambda questions: (*questions[:-1], budget))
    assert publish() == 3
