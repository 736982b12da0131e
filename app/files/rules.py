"""What is taken of a file, whoever hands it in. Pure: no database, no Flask, no clock.

An `UnfitFile` has a word (`reason`) by which a page finds its sentence in the visitor's language, and the English
sentence that staff read.
"""

from collections.abc import Mapping
from typing import ClassVar

from app.kernel.errors import Invalid

LARGEST = 32 * 1024 * 1024
"""Bytes of one file, and of all files of one form."""
LARGEST_PIXELS = 64_000_000
LONGEST_SIDE = 30_000
NAME_LENGTH = 200

SENTENCES = {
    "empty": "This file is empty. It was not added.",
    "too_large": f"This file is larger than {LARGEST // 2**20} MB. It was not added.",
    "too_many_pixels": "This picture has more than 64 megapixels. It was not added. A smaller one is taken.",
    "not_taken": "This is no JPEG, PNG, WebP or HEIC picture and no PDF. It was not added.",
    "damaged": "This file is damaged or incomplete. It was not added.",
    "full": "As many files as fit are here already. It was not added.",
    "away": "The store for evidence does not answer, or is full. Nothing was added. Try again in a minute.",
}
"""Why a file was not added, by the word of the reason."""


class UnfitFile(Invalid):
    """A file was not added. A desk that has further reasons gives them in a class of its own."""

    sentences: ClassVar[Mapping[str, str]] = SENTENCES
    area: ClassVar[str] = "file"
    """What its problem codes begin with."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(self.sentences[reason], f"{self.area}.{reason}", status=status)
        self.reason = reason
