"""A question for files in the workshop: made, bounded and walked through, where nothing is kept."""

import re

from tests.prescreens.test_questionnaires import Editor
from tests.prescreens.test_questionnaires import editor as editor


def test_a_question_for_files_is_made_and_bounded(editor: Editor) -> None:
    editor.post("questions", label="Your payslips", type="file")
    fields = {**editor.fields(9), "bound_files": "3", "bound_megabytes": "8", "bound_only": "pdf"}
    assert editor.post("questions/9", **fields).status_code == 303
    assert editor.draft[8]["bounds"] == {"files": 3, "megabytes": 8, "only": "pdf"}
    shown = editor.fields(9)
    assert (shown["bound_files"], shown["bound_megabytes"]) == ("3", "8")
    assert re.search(
        r'<option selected value="pdf"|<option value="pdf" selected',
        editor.client.get(f"{editor.url}/edit?question=9").text,
    )
    assert editor.draft[8]["bounds"] == {"files": 3, "megabytes": 8, "only": "pdf"}
    for wrong, sentence in (
        ({"bound_files": "21"}, "It takes 1 to 20 files."),
        ({"bound_megabytes": "33"}, "A file of it has 1 to 32 megabytes."),
    ):
        editor.post("questions/9", **{**shown, "bound_only": "pdf", **wrong})
        assert sentence in editor.client.get(f"{editor.url}/edit").text, "it cannot be published so"


def test_its_preview_shows_the_control_and_keeps_nothing(editor: Editor) -> None:
    for _ in range(8):
        editor.post("questions/1/remove")
    editor.post("questions", label="Your payslips", type="file")
    page = editor.client.get(f"{editor.url}/preview").text
    assert 'type="file"' in page
    assert "Add what I chose" not in page, "a preview keeps no file"
