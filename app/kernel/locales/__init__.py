"""What visitors read where a page of any desk refuses: in the organization's language, or in the browser's."""

from pathlib import Path

from app.kernel.text.i18n import Translations

TRANSLATIONS = Translations("kernel", Path(__file__).parent)
