"""What prospects read around an organization's own questions, in the organization's language: one file a language.

A locale that is not here gets English. Names go in by `{name}`; whoever prints a sentence escapes it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from app.kernel.outbox.email import RIGHT_TO_LEFT

LANGUAGES: dict[str, dict[str, str]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("*.json"))
}


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language: `say("send", organization="Alder Row Homes")`."""

    lang: str
    sentences: dict[str, str]

    @property
    def dir(self) -> str:
        return "rtl" if self.lang in RIGHT_TO_LEFT else "ltr"

    def __call__(self, key: str, **names: object) -> str:
        return self.sentences[key].format(**names)


def of(locale: str) -> Words:
    """The words for a locale such as `es` or `es-MX`; English when there are none."""
    lang = locale.split("-")[0].lower()
    return Words(lang, LANGUAGES[lang]) if lang in LANGUAGES else Words("en", LANGUAGES["en"])
