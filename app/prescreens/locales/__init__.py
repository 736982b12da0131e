"""What prospects read around an organization's own questions, in the organization's language."""

from pathlib import Path

from app.kernel.text.i18n import Translations

TRANSLATIONS = Translations("prescreens", Path(__file__).parent)
