"""Files: pictures and PDF documents."""

from collections.abc import Sequence

from app.files.keeping import file_name
from app.kernel.text import normalization
from app.kernel.text.i18n import Translator
from app.prescreens.models import QuestionType
from app.prescreens.rules import files
from app.prescreens.rules.question_types._base import AnswerType, Reader, Refused, Widget
from app.prescreens.rules.questions import Answer, Question


class File(AnswerType):
    """Files, each named with its SHA-256. What a browser types here is never one: pages add files by a verb of their
    own, which hands in the whole answer (actions.add_files)."""

    type = QuestionType.FILE
    title = "files"
    widget = Widget("file")
    several = True
    bounds = ("files", "megabytes", "only")
    empty = "Please add a file."
    errors = {
        "too_many_files": "Please add fewer files.",
        "file_empty": "This file is empty. It was not added.",
        "file_too_large": "This file is too large. It was not added.",
        "file_too_many_pixels": "This picture is too large. It was not added. A smaller one is taken.",
        "file_not_taken": "This kind of file is not taken here. It was not added.",
        "file_damaged": "This file is damaged or incomplete. It was not added.",
        "file_away": "Files cannot be kept at the moment. It was not added. Please try again in a minute.",
        "file_full": "These answers have as many files as fit. It was not added.",
    }

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        found = [files.written(file_name(each.name), each.sha256) for each in files.named(list(values)) if each.sha256]
        plain = [name for each in files.named(list(values)) if not each.sha256 and (name := file_name(each.name))]
        if not found and not plain:
            raise Refused("file_not_taken")
        if len(found) + len(plain) > files.most(question):
            raise Refused("too_many_files")
        return [*found, *plain]

    def format(self, question: Question, value: Answer, t: Translator) -> str:
        if not isinstance(value, list):
            return super().format(question, value, t)
        return ", ".join(normalization.isolated(each.name) or t("file_unnamed") for each in files.named(value))
