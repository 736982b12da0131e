"""Questionnaires to start from."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

from app.prescreens.models import QuestionType
from app.prescreens.rules.questionnaire_files import QuestionnaireFile, read
from app.prescreens.rules.questionnaires import Content

NAMES = (
    ("home", "Ready-made: a flat or a house"),
    ("room", "Ready-made: a room in a shared home"),
    ("commercial", "Ready-made: a shop or an office"),
)
"""Each with what an editor calls it."""


def content(name: str, currency: str) -> Content:
    """What one of them says, with money in this currency."""
    found = _files()[name].content
    return replace(
        found,
        questions=tuple(
            replace(each, currency=currency) if each.type is QuestionType.MONEY else each for each in found.questions
        ),
    )


@cache
def _files() -> dict[str, QuestionnaireFile]:
    stored = json.loads((Path(__file__).parents[1] / "ready_made.json").read_text("utf-8"))
    return {name: read(stored[name]) for name, _ in NAMES}
