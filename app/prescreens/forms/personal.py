"""What is typed where the personal data of a contact is erased or exported, and where a case file is made."""

from wtforms import BooleanField, SelectField, StringField

from app.kernel.web.forms import DeskForm, at_most, choices, needed
from app.prescreens.locales import TRANSLATIONS

LANGUAGES = choices(*TRANSLATIONS.languages.items())


class PersonalForm(DeskForm):
    """Why what is kept of a contact is erased, or handed out."""

    reason = StringField("Reason", validators=[needed("Say why: it is kept in the activity."), at_most(300)])


class CaseFileForm(DeskForm):
    """In which language a case file is made, and whether the team's notes are in it."""

    language = SelectField("Language", choices=LANGUAGES)
    notes = BooleanField("Notes")


class ExportForm(PersonalForm):
    """Why what is kept of a contact is handed out, and whether case files are made of what was decided."""

    case_files = BooleanField("Case files")
    language = SelectField("Language of the case files", choices=LANGUAGES)


def language_of(locale: str) -> str:
    """The language of an organization, as far as there are words in it."""
    return TRANSLATIONS.translator(locale).lang
