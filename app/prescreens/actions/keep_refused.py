"""Keeping the text of a refused answer, so that its question can be shown again with it, at an address of its own."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, update

from app.kernel.db.engine import Db
from app.kernel.json_types import JsonObject
from app.prescreens.actions._count import count_steps
from app.prescreens.models import Inquiry, Prescreen, Status
from app.prescreens.rules import answers, inquiries
from app.prescreens.rules.progress import REFUSED, Step

Refusals = Sequence[tuple[str, str]]
LONGEST = 100_000
"""Characters of a refused text that are kept: five times what any form takes."""


def keep_refused(db: Db, prescreen: Prescreen, key: str, typed: Sequence[str], code: str, files: Refusals = ()) -> None:
    """Keeps what was typed for the question `key` until the next answer, and counts why it was refused.

    It is no answer: no version, no event. `code` is the rule's; of what was typed nothing is counted. `files` are the
    names and codes of files that were refused, which are not kept.
    """
    kept: JsonObject = {"step": key, "typed": _storable(typed), **_named(files)}
    _keep(db, kept, Prescreen.id == prescreen.id, Prescreen.status != Status.COMPLETED.value)
    if prescreen.progress is not None:
        step = Step(key, f"{REFUSED}{code}")
        count_steps(db, prescreen.workflow_template_id, prescreen.template_version, [step])


def keep_refused_inquiry(db: Db, inquiry: Inquiry, key: str, typed: Sequence[str], files: Refusals = ()) -> None:
    """The same for a question that is asked again. It is no step of the questionnaire, so it is not counted."""
    kept: JsonObject = {"inquiry": str(inquiry.id), "step": key, "typed": _storable(typed), **_named(files)}
    _keep(db, kept, Prescreen.id == inquiry.prescreen_id, Prescreen.inquiry == inquiries.ASKED)


def _named(files: Refusals) -> JsonObject:
    return {"files": [list(each) for each in files]} if files else {}


def _storable(typed: Sequence[str]) -> list[str]:
    return [answers.storable(value)[:LONGEST] for value in typed]


def _keep(db: Db, kept: JsonObject, *where: ColumnElement[bool]) -> None:
    statement = update(Prescreen).where(*where).values(refused_answer=kept)
    db.execute(statement.execution_options(synchronize_session=False))
