"""Which files of a prescreen stay: of what was sent and, for a week after it ended, of what can still be sent."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.prescreens.rules import files

ENDS = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
LATE = ENDS + files.KEPT_AFTER
JUST_BEFORE = LATE - timedelta(microseconds=1)
ANSWER, FORMER, GIVEN, ADDING = (digit * 64 for digit in "abcd")


def naming(digest: str) -> dict[str, Any]:
    return {"payslips": [f"pay.pdf (sha256:{digest})"]}


@pytest.mark.parametrize(
    ("status", "asked_again", "answered", "at", "kept"),
    [
        ("active", False, False, JUST_BEFORE, {ANSWER}),
        ("active", False, False, LATE, set()),
        ("completed", False, False, LATE, {ANSWER}),
        ("completed", True, False, JUST_BEFORE, {ANSWER, FORMER, GIVEN, ADDING}),
        ("completed", True, False, LATE, {ANSWER, FORMER}),
        ("completed", True, True, JUST_BEFORE, {ANSWER, FORMER, GIVEN}),
        ("completed", True, True, LATE, {ANSWER, FORMER, GIVEN}),
    ],
)
@pytest.mark.parametrize("erased", [False, True])
def test_which_files_stay(
    status: str, asked_again: bool, answered: bool, at: datetime, kept: set[str], erased: bool
) -> None:
    facts: dict[str, Any] = {"submission": naming(ANSWER), "status": status, "expires_at": ENDS}
    prescreen: Any = SimpleNamespace(**facts, erased_at=ENDS if erased else None)
    answers = {"former": naming(FORMER), "given": naming(GIVEN), "adding": naming(ADDING)}
    inquiry: Any = SimpleNamespace(**answers, answered_at=ENDS if answered else None)
    assert files.kept(prescreen, [inquiry] if asked_again else [], at) == (set() if erased else kept)
