"""What a passage of a mail may say about one field of a request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reading of `text[start:end]` for a field of the form, as the form takes it.

    `why` says what makes it doubtful; it is empty where the words can hardly mean anything else.
    """

    field: str
    value: str
    start: int
    end: int
    why: str = ""
