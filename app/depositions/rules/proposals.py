"""Moving by agreement: which hours may be offered, what may be answered, and when people agree."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from app.depositions.models import BOOKED, State
from app.depositions.rules.new_request import LATEST
from app.depositions.rules.slots import LEAST, MOST
from app.kernel.clock import iso
from app.kernel.errors import Conflict, FieldError, Invalid

NOTE_LIMIT = 1000
REMIND_BEFORE = timedelta(hours=24)
"""How long before the time to answer is over those who have not answered are reminded."""
REMIND_AFTER = timedelta(hours=6)
"""How long after an offer people are reminded of it at the earliest, when it happens by itself."""
NOTHING_OFFERED = "No other hours are offered for this session."


class ProposalState(StrEnum):
    """The state of a proposal. `moved`: the session got another hour; `over`: it was canceled or has begun."""

    OPEN = "open"
    MOVED = "moved"
    WITHDRAWN = "withdrawn"
    OVER = "over"


class Agreement(StrEnum):
    """How a session stands of which other hours are offered: people answer, or agree to one of the hours."""

    OPEN = "open"
    AGREED = "agreed"


class Answer(StrEnum):
    """What somebody answers about an hour."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class Via(StrEnum):
    """How an answer came."""

    PAGE = "page"
    CALENDAR = "calendar"


ABLE = (Answer.YES, Answer.MAYBE)


@dataclass(frozen=True, slots=True)
class NewProposal:
    """What is offered: the starts of the hours, how many of those asked have to be able to come (0: all), until when
    they answer (None: as the rule says), and what they read about why. With `own_clock_only` the hours were looked for
    by the session's own clock alone."""

    slots: tuple[datetime, ...]
    quorum: int = 0
    answers_until: datetime | None = None
    because: str = ""
    own_clock_only: bool = False


class Standing(NamedTuple):
    """How an hour stands. `needed` are how many more have to be able to come; `deponent_missing`: the deponent is
    asked, and has not answered that they can. `agreed`: the session can be moved there."""

    starts_at: datetime
    yes: int
    maybe: int
    no: int
    needed: int
    deponent_missing: bool

    @property
    def able(self) -> int:
        return self.yes + self.maybe

    @property
    def agreed(self) -> bool:
        return not self.needed and not self.deponent_missing

    @property
    def sentence(self) -> str:
        """`2 more are needed`, or that it is agreed."""
        if self.agreed:
            return "Agreed, if needed" if self.maybe else "Agreed"
        if self.needed:
            return f"{self.needed} more {'is' if self.needed == 1 else 'are'} needed"
        return "The deponent is needed"


def standing(
    starts_at: datetime, answers: Mapping[str, str], asked: Collection[str], quorum: int, deponent: str
) -> Standing:
    """How an hour stands by the answers of those who are asked, by address. The deponent, when asked, has to be able to
    come, whatever the quorum is."""
    given = [answers[address] for address in asked if address in answers]
    yes, maybe, no = (sum(answer == each for answer in given) for each in Answer)
    missing = deponent in asked and answers.get(deponent) not in ABLE
    return Standing(starts_at, yes, maybe, no, max(0, min(quorum, len(asked)) - yes - maybe), missing)


def best(standings: Iterable[Standing], after: datetime | None = None) -> Standing | None:
    """The agreed hour that suits most, the earlier of two; with `after`, of those that lie later."""
    agreed = [each for each in standings if each.agreed and (after is None or each.starts_at > after)]
    return min(agreed, key=lambda each: (-each.able, -each.yes, each.starts_at)) if agreed else None


def why_not_propose(state: str, people: int) -> str | None:
    """Whether other hours can be offered: of what is booked and has not begun, to those who have an address."""
    if state in BOOKED:
        return None if people else "Nobody who takes part has an e-mail address."
    if state == State.INITIAL:
        return "This request is not booked yet. Other hours can be offered once it is scheduled."
    return "This request is canceled." if state == State.CANCELED else "This session has begun."


def check_propose(state: str, people: int) -> None:
    reason = why_not_propose(state, people)
    if reason:
        raise Conflict(f"{reason} Nothing was sent.", code="session_request.wrong_state")


def check_new(new: NewProposal, people: int, now: datetime) -> None:
    """Raises Invalid unless two to four different hours are offered that lie ahead, and the rest fits them."""
    wrong = []
    if not LEAST <= len(set(new.slots)) == len(new.slots) <= MOST:
        wrong.append(FieldError("slots", "number", f"Choose {LEAST} to {MOST} hours."))
    elif min(new.slots) <= now:
        wrong.append(FieldError("slots", "past", "Choose hours that lie ahead."))
    elif new.answers_until and not now < new.answers_until < min(new.slots):
        detail = "Choose a moment that lies ahead, before the first of the hours."
        wrong.append(FieldError("answers_until", "range", detail))
    if not 0 <= new.quorum <= people:
        wrong.append(FieldError("quorum", "range", f"Use a number from 1 to {people}: so many are asked."))
    if wrong:
        raise Invalid(" ".join(f"{error.detail}" for error in wrong) + " Nothing was sent.", errors=wrong)


def why_closed(state: str, answers_until: datetime, now: datetime) -> str | None:
    """Why no answer counts any more."""
    if state == ProposalState.MOVED:
        return "An hour is fixed already."
    if state != ProposalState.OPEN:
        return "These hours are no longer offered."
    return "The time to answer is over." if now > answers_until else None


def check_open(state: str, answers_until: datetime, now: datetime) -> None:
    reason = why_closed(state, answers_until, now)
    if reason:
        raise Conflict(f"{reason} Nothing was changed.", code="proposal.closed")


def reminder_at(answers_until: datetime, now: datetime) -> datetime | None:
    """When those who have not answered are reminded by themselves; None where that would be soon after the offer."""
    due = answers_until - REMIND_BEFORE
    return due if due - now >= REMIND_AFTER else None


def check_remind(people: int) -> None:
    """Raises Conflict where nobody is left to be reminded: each person is reminded of the same hours once."""
    if not people:
        detail = "Everybody who is asked has answered, or was reminded already. Nothing was sent."
        raise Conflict(detail, code="proposal.nobody_to_remind")


def check_ask_added(people: int) -> None:
    """Raises Conflict where everybody who takes part is asked."""
    if not people:
        detail = "Everybody who takes part is asked already. Nothing was sent."
        raise Conflict(detail, code="proposal.nobody_added")


def quorum_with(quorum: int, asked: int, added: int) -> int:
    """How many have to be able to come once more people are asked: everybody stays everybody."""
    return quorum + added if quorum >= asked else quorum


def read_answers(slots: Sequence[str], given: Mapping[str, str]) -> dict[datetime, Answer]:
    """An answer about each of these hours, as a form sends them. Raises Conflict for an hour that is not among them,
    Invalid for one without an answer."""
    if any(slot not in slots for slot in given):
        raise Conflict("The hours were changed. Answer about those that are offered now.", code="proposal.changed")
    try:
        return {read_slot(slot): Answer(given.get(slot, "")) for slot in slots}
    except ValueError:
        raise Invalid(
            "Answer about each of the hours. Nothing was sent.",
            errors=[FieldError("slots", "choice", "Choose an answer.")],
        ) from None


def written(starts_at: datetime) -> str:
    """An hour as a proposal keeps it: `2026-12-17T13:00:00Z`."""
    return str(iso(starts_at))


def read_slot(text: str) -> datetime:
    """The hour that is written so. Raises ValueError."""
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if not 2000 <= moment.year <= LATEST:
        raise ValueError(text)
    return moment


def asked_words(people: int, quorum: int) -> str:
    """`3 of 4 people have to be able to come`."""
    if quorum >= people:
        return "everybody who is asked has to be able to come"
    return f"{quorum} of {people} people {'has' if quorum == 1 else 'have'} to be able to come"
