"""The texts of a questionnaire in other languages, and the closing words of each outcome.

A translation maps the address of a text (`introduction`, `budget.label`, `pets.options.cat`) to the text in another
language. What it lacks is read in the language of the questionnaire.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from app.kernel.json_types import JsonObject
from app.prescreens.rules.questions import Question

Translation = Mapping[str, str]
"""Texts by their address."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What an organization adds once the answers are sent, and to the e-mail of a decision; empty for nothing."""

    sent: str = ""
    approved: str = ""
    denied: str = ""

    @classmethod
    def read(cls, stored: JsonObject) -> "Closing":
        return cls(**{outcome: stored.get(outcome, "") for outcome in OUTCOMES})

    def stored(self) -> JsonObject:
        return {outcome: text for outcome, text in asdict(self).items() if text}

    def translated(self, words: Translation) -> "Closing":
        return Closing(*(translation(words, f"closing.{outcome}", getattr(self, outcome)) for outcome in OUTCOMES))


NO_CLOSING = Closing()
OUTCOMES = ("sent", "approved", "denied")
NAMES = {"name": "Name", "introduction": "Introduction"} | {
    f"closing.{outcome}": f"Closing words: {outcome}" for outcome in OUTCOMES
}
"""What an editor calls the texts that belong to no question."""


def originals(name: str, introduction: str, closing: Closing, questions: Sequence[Question]) -> dict[str, str]:
    """Every text that can be translated, by its address, in the order in which prospects meet them."""
    found = {"name": name, "introduction": introduction}
    for question in questions:
        found |= {f"{question.key}.label": question.label, f"{question.key}.hint": question.hint}
        found |= {f"{question.key}.options.{option.value}": option.label for option in question.options}
    found |= {f"closing.{outcome}": getattr(closing, outcome) for outcome in OUTCOMES}
    return {address: text for address, text in found.items() if text}


def kept(translations: Mapping[str, Translation], there: Collection[str]) -> dict[str, Translation]:
    """The translations of the texts that are there. What a questionnaire does not say any more it says in no language,
    nor does a question that is later asked under the key of one that is gone."""
    found = {
        language: {address: text for address, text in words.items() if address in there}
        for language, words in translations.items()
    }
    return {language: words for language, words in found.items() if words}


def renamed(translations: Mapping[str, Translation], former: str, key: str) -> dict[str, Translation]:
    """The translations when a question has another key."""

    def moved(address: str) -> str:
        member = address.removeprefix(f"{former}.")
        return address if member == address else f"{key}.{member}"

    return {language: {moved(each): text for each, text in words.items()} for language, words in translations.items()}


def translation(words: Translation, address: str, original: str) -> str:
    """A text in another language; as it was written where it is not translated, and nothing where nothing is said."""
    return original and (words.get(address) or original)


def limit(address: str, lengths: Mapping[str, int], option_length: int) -> int:
    """The most characters of a translated text: as many as of the original."""
    if ".options." in address:
        return option_length
    return lengths.get(address.rpartition(".")[2], lengths["closing"])


def translated(questions: Sequence[Question], words: Translation) -> tuple[Question, ...]:
    """The questions with their translated texts."""
    return tuple(
        replace(
            question,
            label=translation(words, f"{question.key}.label", question.label),
            hint=translation(words, f"{question.key}.hint", question.hint),
            options=tuple(
                replace(option, label=translation(words, f"{question.key}.options.{option.value}", option.label))
                for option in question.options
            ),
        )
        for question in questions
    )
