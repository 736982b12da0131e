"""Who may add evidence, and what is taken. Pure: no database, no Flask, no clock.

An `Unfit` has a word (`reason`) by which the field user's page finds its sentence in their language, and the English
sentence that operators read. What is wrong with a file whoever hands it in stands in `app.files.rules`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from app.files import rules as files
from app.files.rules import LARGEST, UnfitFile
from app.inspections import rules
from app.inspections.rules import AskingFacts
from app.kernel.errors import Conflict

PART = 1024 * 1024
"""Bytes of one part of a file that is sent in parts."""
MOST_PARTS = LARGEST // (256 * 1024)
MOST_ITEMS = 1000
"""Pieces of evidence in one inspection."""
MOST_KEYS = 20
"""Browsers from which the field users of one inspection may sign."""
NOTE_LENGTH = 10_000
PLACE_LENGTH = 200
"""Characters of a place that is entered by hand."""
ARRIVES_WITHIN = timedelta(hours=24)
"""How long after the end of an inspection what was captured on a phone before, and waits there, is still taken."""
HEARD_EVERY = timedelta(minutes=1)
"""How often it is noted that the page of a field user was heard from."""
SILENT_AFTER = timedelta(minutes=3)
"""A phone that was not heard from for so long may hold what it could not send."""
UPLOADS_A_MINUTE = 1200
"""Requests with evidence from one address: a whole office may share one, and a file is many parts."""

SENTENCES = {
    **files.SENTENCES,
    "nothing": "Choose a file or write a note first. Nothing was added.",
    "too_long": f"This note is longer than {NOTE_LENGTH:,} characters. It was not added.",
    "unreadable": "This note has a character in it that cannot be stored. It was not added.",
    "bad_time": "The time that was entered cannot be read, or is yet to come. It was not added.",
    "bad_place": f"The place that was entered is longer than {PLACE_LENGTH} characters, or cannot be stored.",
    "known": "This is in the record already.",
    "erased": "This was in the record, and was erased. It was not added again.",
    "too_many": f"This inspection has {MOST_ITEMS:,} pieces of evidence, and takes no more.",
    "ended": "This inspection has ended, and its record is sealed: nothing more can be added.",
    "too_late": "This inspection ended more than 24 hours ago: what waited on a phone is no longer taken.",
    "unanswered": "Evidence is taken once the field user has answered what they allow.",
    "looking_on": "Who looks on adds nothing to the record.",
    "incomplete": "Some parts of this file have not arrived. It was not added.",
}
"""Why something was not added, by the word of the reason."""


class Unfit(UnfitFile):
    """Something was not added to the evidence."""

    sentences = SENTENCES
    area = "evidence"


class EndedFacts(AskingFacts, Protocol):
    """What the rules need to know of an inspection that may have ended."""

    ended_at: datetime | None


def check_capture(
    inspection: EndedFacts, now: datetime, *, role: str, answers: Mapping[str, str], late: bool = False
) -> None:
    """Raises Unfit unless a field user may add evidence now; `answers` is what they have answered, by subject. `late`
    is whether this was captured on their phone before the end, which its signature says: then what was asked anew
    meanwhile, and can be answered no more, is no reason to lose it."""
    if role != rules.FIELD:
        raise Unfit("looking_on", 403)
    if rules.status_of(inspection, now) not in rules.JOINED_STATES:
        if not late or inspection.ended_at is None:
            raise Unfit("ended", 409)
        if not arrives(inspection.ended_at, now):
            raise Unfit("too_late", 409)
    if rules.unanswered(inspection.subjects, answers) and not (late and answers):
        raise Unfit("unanswered", 409)


def arrives(ended_at: datetime | None, now: datetime) -> bool:
    """Whether what waited on a phone at the end is still taken."""
    return ended_at is not None and now < ended_at + ARRIVES_WITHIN


check_add_document = rules.check_live
"""Operators add documents as long as the inspection has not ended."""


def kept_until(ended_at: datetime | None, days: int | None) -> datetime | None:
    """When evidence is erased by itself; None while the inspection goes on, and where it is kept for good."""
    return None if ended_at is None or days is None else ended_at + timedelta(days=days)


def check_erase(*, erased: bool, hold: bool, item_hold: bool = False) -> None:
    """Raises Conflict when this is erased already, or under a legal hold: that of the inspection, or its own."""
    if erased:
        raise Conflict("This is erased already.", code="evidence.erased")
    if hold:
        raise Conflict("This inspection is under a legal hold: nothing of it is erased.", code="evidence.on_hold")
    if item_hold:
        raise Conflict("This piece is under a legal hold: it is not erased.", code="evidence.item_on_hold")


def check_erase_particulars(on_hold: int) -> None:
    """Raises Conflict when a piece that a participant sent is under a legal hold, which keeps its particulars too."""
    if on_hold:
        raise Conflict(
            "Something that this participant sent is under a legal hold, and names and places belong to it: nothing "
            "was erased.",
            code="evidence.item_on_hold",
        )


def check_remark(*, erased: bool) -> None:
    """Raises Conflict when a piece of evidence is erased: nobody could see any more what a remark is about."""
    if erased:
        raise Conflict("This is erased: a remark on it would be about nothing.", code="evidence.erased")


def check_hold(*, hold: bool, what: str = "inspection") -> None:
    """Raises Conflict when this is under a legal hold already."""
    if hold:
        raise Conflict(f"This {what} is under a legal hold already.", code="evidence.on_hold")


def check_hold_item(*, erased: bool, hold: bool) -> None:
    """Raises Conflict when a piece of evidence is erased, which no hold can bring back, or under a hold already."""
    if erased:
        raise Conflict("This is erased already.", code="evidence.erased")
    check_hold(hold=hold, what="piece")


def check_release(*, hold: bool, what: str = "inspection") -> None:
    """Raises Conflict when this is under no legal hold."""
    if not hold:
        raise Conflict(f"This {what} is under no legal hold.", code="evidence.not_on_hold")


def place_allowed(answers: dict[str, str]) -> bool:
    """Whether a place may be kept: only where this field user has granted it."""
    return answers.get("gps") == "granted"
