"""Shape of a checklist as it is written."""

from wtforms import SelectField

from app.depositions.rules.checklist import LABELS, PROGRESS, Item, Progress, read
from app.kernel.web.forms import VersionedForm, choices

_CHOICES = choices(*((progress.value, words) for progress, words in PROGRESS.items()))


class ChecklistForm(VersionedForm):
    """How far each item is."""

    interpreter = SelectField(LABELS[Item.INTERPRETER], choices=_CHOICES)
    exhibits = SelectField(LABELS[Item.EXHIBITS], choices=_CHOICES)
    reporter = SelectField(LABELS[Item.REPORTER], choices=_CHOICES)
    link = SelectField(LABELS[Item.LINK], choices=_CHOICES)

    def checklist(self) -> dict[Item, Progress]:
        """What was written, once the form is checked. Raises Invalid."""
        return read({item.value: str(self[item.value].data) for item in Item})
