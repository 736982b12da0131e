"""Reasons of decisions that agents make on a page: which are offered, and what a decision must say.

They are internal, like notes. A review by API gives none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.kernel.errors import FieldError, Invalid
from app.kernel.json_types import JsonObject
from app.kernel.text import normalization

STANDARD = ("Budget", "Proof of income", "References", "Pets", "Move-in date", "No home is free")
"""The reasons of an organization that has not changed its list."""

MOST_OFFERED = 12
MOST_GIVEN = 3
LENGTHS = {"reason": 80, "other": 200, "why": 500}
CLEAR = (5, 0.8)
"""Alike prescreens decided at least, and the share of them decided one way, from which on deciding the other way asks
what is different."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of the list, tied to the criterion of the question `criterion`, or to what `other` says."""

    text: str
    criterion: str = ""
    other: str = ""

    @classmethod
    def read(cls, stored: JsonObject) -> "Reason":
        return cls(stored["text"], stored.get("criterion", ""), stored.get("other", ""))

    def stored(self) -> JsonObject:
        return {"text": self.text, "criterion": self.criterion, "other": self.other}


@dataclass(frozen=True, slots=True)
class Grounds:
    """What an agent says with a decision besides notes: the reasons of a denial, and why it is made nevertheless.
    `seen_at` is when the page was shown from which they decided."""

    reasons: tuple[Reason, ...] = ()
    why: str = ""
    seen_at: datetime | None = None

    @classmethod
    def read(cls, stored: JsonObject | None) -> "Grounds | None":
        """As a pending decision keeps them; None for one of an earlier version, which knew none."""
        if stored is None:
            return None
        seen = stored.get("seen_at")
        reasons = tuple(Reason.read(reason) for reason in stored["reasons"])
        return cls(reasons, stored["why"], datetime.fromisoformat(seen) if seen else None)

    def stored(self) -> JsonObject:
        return {
            "reasons": [reason.stored() for reason in self.reasons],
            "why": self.why,
            "seen_at": self.seen_at.isoformat() if self.seen_at else None,
        }


@dataclass(frozen=True, slots=True)
class Mirror:
    """How alike prescreens were decided."""

    approved: int = 0
    denied: int = 0

    @property
    def decided(self) -> int:
        return self.approved + self.denied

    def clearly(self, verb: str) -> bool:
        """Whether they were clearly decided the other way than `verb` would."""
        least, share = CLEAR
        others = self.denied if verb == "approve" else self.approved
        return self.decided >= least and others >= share * self.decided


def check_grounds(
    verb: str,
    grounds: Grounds,
    *,
    offered: Collection[str],
    criteria: Mapping[str, str],
    not_met: Sequence[str],
    mirror: Mirror | None,
) -> Grounds:
    """What is kept of `grounds` with a decision. `criteria` and `not_met` are criteria by the key of their question and
    the names of those that are not met. Raises Invalid with a sentence a field."""
    errors = list(_wrong_reasons(grounds.reasons, offered, criteria)) if verb == "deny" else []
    asked = why_asked(verb, not_met, mirror)
    if asked and not grounds.why:
        errors.append(FieldError("why", "required", asked))
    elif len(grounds.why) > LENGTHS["why"]:
        errors.append(FieldError("why", "too_long", f"Use at most {LENGTHS['why']} characters."))
    if errors:
        detail = f"{errors[0].detail} Nothing was decided."
        raise Invalid(detail, code="decision.reason_missing", errors=errors)
    return Grounds(grounds.reasons if verb == "deny" else (), grounds.why, grounds.seen_at)


def why_asked(verb: str, not_met: Sequence[str], mirror: Mirror | None) -> str:
    """Why a decision is asked what is different about it; empty when it is not."""
    if verb == "approve" and not_met:
        names = ", ".join(not_met)
        return f"Say why you approve nevertheless: {names} {'is' if len(not_met) == 1 else 'are'} not met."
    if mirror is not None and mirror.clearly(verb):
        number, word = (mirror.denied, "denied") if verb == "approve" else (mirror.approved, "approved")
        return f"Say what is different here: {number} of {mirror.decided} with the same key answers were {word}."
    return ""


def _wrong_reasons(
    reasons: Sequence[Reason], offered: Collection[str], criteria: Mapping[str, str]
) -> Iterable[FieldError]:
    if not reasons:
        yield FieldError("reason", "required", "Say why: choose one to three reasons.")
    elif len(reasons) > MOST_GIVEN or len({reason.text for reason in reasons}) < len(reasons):
        yield FieldError("reason", "too_many", f"Choose at most {MOST_GIVEN} reasons, each once.")
    for reason in reasons:
        if reason.text not in offered:
            yield FieldError("reason", "unknown", f"“{reason.text[:80]}” is not in your list of reasons any more.")
        elif reason.criterion and reason.criterion not in criteria:
            yield FieldError("reason", "unknown", f"“{reason.text}” names a criterion that there is not.")
        elif not reason.criterion and not reason.other:
            yield FieldError("reason", "required", f"Say what “{reason.text}” is about: a criterion, or what else.")
        elif len(reason.other) > LENGTHS["other"]:
            yield FieldError("reason", "too_long", f"Use at most {LENGTHS['other']} characters for “{reason.text}”.")


def checked_list(lines: Iterable[str]) -> tuple[str, ...]:
    """A list of reasons as it is kept: one at least, no two alike. Raises Invalid."""
    reasons = [text for text in (normalization.name(line) for line in lines) if text]
    sentence = ""
    if not reasons:
        sentence = "Keep at least one reason: without one nobody could deny."
    elif len(reasons) > MOST_OFFERED:
        sentence = f"Keep at most {MOST_OFFERED} reasons: agents choose from them at every denial."
    elif len({normalization.fold(reason) for reason in reasons}) < len(reasons):
        sentence = "Two of these reasons are the same."
    elif any(len(reason) > LENGTHS["reason"] for reason in reasons):
        sentence = f"Use at most {LENGTHS['reason']} characters for a reason."
    if sentence:
        raise Invalid(f"{sentence} Nothing was saved.", errors=[FieldError("reasons", "invalid", sentence)])
    return tuple(reasons)
