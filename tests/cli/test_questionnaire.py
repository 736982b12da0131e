"""`desk questionnaire`: out to a file, and in again."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.kernel.db.engine import Database
from app.prescreens.queries import drafts, questionnaires
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import questionnaire_files, ready_made
from tests.cast import Cast
from tests.cli.running import Desk
from tests.prescreens.factories import template

AT = ("--organization", "marston", "--questionnaire", "two-bedroom")
FILE: dict[str, Any] = {
    "form": "session-desk/questionnaire/1",
    "name": "Studio",
    "questions": [{"key": "fullName", "label": "Your name?", "type": "name"}],
}


def test_the_blind_first_look_is_switched(desk: Desk, database: Database, cast: Cast) -> None:
    with database.write() as db:
        id = template(db, cast.marston.id)
    assert desk.json("questionnaire", "blind", "on", *AT)["changed"]
    assert not desk.json("questionnaire", "blind", "on", *AT)["changed"]
    with database.read() as db:
        found = drafts.get(db, Reach((cast.marston.id,)), id)
    assert found is not None
    assert found.blind


def test_it_is_closed_and_opened(desk: Desk, database: Database, cast: Cast) -> None:
    with database.write() as db:
        template(db, cast.marston.id)
    for verb, is_open in (("close", False), ("open", True)):
        assert [desk.json("questionnaire", verb, *AT)["changed"] for _ in range(2)] == [True, False]
        (listed,) = desk.json("questionnaire", "list", "--organization", "marston")["questionnaires"]
        assert listed["open"] is is_open
    assert desk("questionnaire", "close", *AT[:3], "nothing").exit_code == 1


def test_a_draft_is_published_once(desk: Desk, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "studio.json"
    file.write_text(json.dumps(FILE))
    assert desk.json("questionnaire", "import", str(file), *AT)["published"] is None
    assert desk.json("questionnaire", "publish", *AT, "--reason", "Ready")["published"] == 1
    again = desk("questionnaire", "publish", *AT, "--reason", "Ready")
    assert (again.exit_code, "nothing was published" in again.stderr) == (1, True)


def test_out_and_in_again_is_the_same(desk: Desk, database: Database, cast: Cast, tmp_path: Path) -> None:
    with database.write() as db:
        id = template(db, cast.marston.id)
    file = str(tmp_path / "two-bedroom.json")
    assert desk.json("questionnaire", "export", file, *AT)["version"] == 1
    again = desk.json("questionnaire", "import", file, *AT)
    assert (again["created"], again["changed"]) == (False, False)
    other = ("--organization", "harbor", "--questionnaire", "copied")
    made = desk.json("questionnaire", "import", file, *other, "--publish", "--reason", "Taken over")
    assert (made["created"], made["published"]) == (True, 1)
    assert desk.json("questionnaire", "import", file, *other, "--publish", "--reason", "Again")["published"] is None
    with database.read() as db:
        copied = drafts.by_slug(db, cast.harbor.id, "copied")
        assert copied
        assert drafts.content(db, copied.id, 1) == drafts.content(db, id, 1)
        assert questionnaires.versions(db, copied.id)[0].author == "desk command"
        assert drafts.get(db, Reach((cast.marston.id,)), copied.id) is None
    (listed,) = desk.json("questionnaire", "list", "--organization", "harbor")["questionnaires"]
    assert (listed["questionnaire"], listed["version"]) == ("copied", 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"form": "session-desk/questionnaire/2"}, "form: This must be"),
        ({"questions": "all"}, "questions: This must be a list."),
        ({"question": []}, "question: This member is not known."),
        ({"name": "x" * 201}, "name: This may have at most 200 characters."),
        ({"questions": [{"key": "a", "label": "b", "type": "essay"}]}, "questions.0.type"),
        (
            {"questions": [{"key": "a", "label": "b", "type": "text", "hnt": "c"}]},
            "hnt: This member is not known.",
        ),
        ({"questions": [{"key": "k" * 10_000, "label": "b", "type": "text"}]}, "questions.0.key"),
        ({"questions": [{"key": "a\x00", "label": "b", "type": "text"}]}, "NUL"),
        ({"questions": [{"key": "a", "label": "b", "type": "number", "bounds": {"at_least": float("nan")}}]}, "number"),
        ({"questions": [{"key": "a", "label": "b", "type": "number", "bounds": {"at_least": True}}]}, "number"),
        ({"questions": [{"key": "a", "label": "b", "type": "text", "condition": {}}]}, "either `all` or `any`"),
        ({"questions": [FILE["questions"][0]] * 5_000}, "at most 100 items"),
    ],
)
def test_a_bad_file_is_refused_in_words(
    desk: Desk, database: Database, cast: Cast, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(json.dumps({**FILE, **change}))
    refused = desk("questionnaire", "import", str(file), *AT)
    assert words in refused.stderr
    with database.read() as db:
        assert questionnaires.listing(db, Reach(None)) == []


def test_no_json_no_file_and_no_questionnaire(desk: Desk, tmp_path: Path, cast: Cast) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert "no JSON" in desk("questionnaire", "import", str(tmp_path / "deep.json"), *AT).stderr
    assert "cannot be read" in desk("questionnaire", "import", str(tmp_path / "none.json"), *AT).stderr
    huge = {"key": "people", "label": "How many?", "type": "number", "bounds": {"at_least": 10**400}}
    (tmp_path / "huge.json").write_text(json.dumps({**FILE, "questions": [huge]}))
    assert "must be a number" in desk("questionnaire", "import", str(tmp_path / "huge.json"), *AT).stderr
    assert "no questionnaire" in desk("questionnaire", "export", "-", *AT).stderr


@pytest.mark.parametrize("name", [name for name, _ in ready_made.NAMES])
def test_what_is_ready_made_can_be_published_and_written(name: str) -> None:
    from app.prescreens.rules.questionnaires import problems

    content = ready_made.content(name, "EUR")
    assert problems(content, {}) == []
    assert questionnaire_files.read(questionnaire_files.written("x", content)).content == content


def test_a_version_or_the_draft_and_a_reason(desk: Desk, database: Database, cast: Cast, tmp_path: Path) -> None:
    first, second, out = (tmp_path / name for name in ("first.json", "second.json", "out.json"))
    first.write_text(json.dumps(FILE))
    second.write_text(json.dumps({**FILE, "introduction": "Later"}))
    without = desk("questionnaire", "import", str(first), *AT, "--publish")
    assert "--reason" in without.stderr
    for file in (first, second):
        desk.json("questionnaire", "import", str(file), *AT, "--publish", "--reason", "Because")
    second.write_text(json.dumps({**FILE, "introduction": "Not yet"}))
    desk.json("questionnaire", "import", str(second), *AT)
    for asked, expected in ((("--version", "1"), ""), ((), "Later"), (("--draft",), "Not yet")):
        desk.json("questionnaire", "export", str(out), *AT, *asked)
        assert json.loads(out.read_text()).get("introduction", "") == expected, asked


def test_what_is_published_takes_the_draft_away(desk: Desk, tmp_path: Path, cast: Cast) -> None:
    other = {**FILE, "introduction": "Before you begin."}
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps(FILE))
    second.write_text(json.dumps(other))
    assert (
        "published as version 1"
        in desk("questionnaire", "import", str(first), *AT, "--publish", "--reason", "New").stdout
    )
    assert "is a draft now" in desk("questionnaire", "import", str(second), *AT).stdout
    assert "is as published; the draft is gone" in desk("questionnaire", "import", str(first), *AT).stdout
    assert "said that already" in desk("questionnaire", "import", str(first), *AT).stdout
