"""Files of answers, for prospects in their language and for staff."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from babel.units import format_unit

from app.files.pictures import EXTENSIONS, FORMATS, PDF
from app.files.rules import LARGEST
from app.kernel.text import normalization
from app.kernel.text.i18n import Translator
from app.kernel.web.arguments import Variables
from app.prescreens.answer_files import AnswerFile
from app.prescreens.models import Inquiry, QuestionType
from app.prescreens.presentation.questions import ENGLISH, problem
from app.prescreens.rules.files import MEGABYTE, hashes, largest, most, named, written
from app.prescreens.rules.questions import Answer, Question

PICTURES = tuple(FORMATS)
FAULTS = {
    "missing": "The original was missing from the store when it was read last.",
    "changed": "The original was another file when it was read last.",
}
MOST_NAMED = 5
"""Refused files that a page names."""


class FileRow(NamedTuple):
    """A file as a page shows it. `id` is None for one that is not kept any more; `kind` is PDF or JPEG."""

    name: str
    sha256: str
    size: str = ""
    kind: str = ""
    id: UUID | None = None
    pictured: bool = False
    failure: str = ""


def file_rows(value: Answer | None, kept: Mapping[str, AnswerFile], t: Translator = ENGLISH) -> list[FileRow]:
    """The files that an answer names, in its order."""
    rows = []
    for each in named(value):
        row, name = kept.get(each.sha256), each.name or t("file_unnamed")
        if row is None:
            rows.append(FileRow(name, each.sha256))
            continue
        kind = EXTENSIONS[row.mime].upper()
        size = size_text(row.bytes, t)
        wrong = FAULTS.get(row.fault, row.failure)
        rows.append(FileRow(name, each.sha256, size, kind, row.id, row.thumbnail_sha256 is not None, wrong))
    return rows


def former_files(
    asked: Iterable[Inquiry], submission: Mapping[str, Answer], kept: Mapping[str, AnswerFile]
) -> list[FileRow]:
    """The files that stood in an answer before it was asked again, and are in none any more."""
    now = hashes(submission)
    before = {each: None for inquiry in asked for value in (inquiry.former or {}).values() for each in named(value)}
    rows = file_rows([written(*each) for each in before if each.sha256 and each.sha256 not in now], kept)
    return list(rows)


def file_control(question: Question, t: Translator, *, adds: bool = False) -> Variables:
    """What the control of a question for files needs; `adds` is whether it keeps files, which a preview does not.
    Nothing for another type."""
    if question.type is not QuestionType.FILE:
        return {}
    only = question.bounds.only
    taken = [] if only == "pdf" else [*PICTURES]
    taken += [] if only == "pictures" else [PDF]
    size = size_text(largest(question), t)
    return {
        "file_rule": t(f"file_rule_{only or 'any'}", most=most(question), size=size),
        "file_accept": ",".join(taken),
        "most_files": most(question),
        "adds_files": adds,
        "most_at_once": LARGEST if adds else 0,
    }


def refused_files(question: Question, refused: Sequence[tuple[str, str]], t: Translator) -> str:
    """Why files were not added, with their names; `refused` has the name and the code of each."""
    sentences = [(name, problem(question, code, None, t)) for name, code in refused[:MOST_NAMED]]
    return " ".join(f"{normalization.isolated(name)}: {text}" if name else text for name, text in sentences)


def size_text(size: int, t: Translator = ENGLISH) -> str:
    """So many bytes, as people say it: `1.4 MB`."""
    amount, unit = (size / MEGABYTE, "megabyte") if size >= MEGABYTE else (max(1, round(size / 1024)), "kilobyte")
    return str(format_unit(round(amount, 1), f"digital-{unit}", "short", locale=t.lang))
