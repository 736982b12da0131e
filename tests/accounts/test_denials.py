"""The reason beside a disabled button claims nothing about a press; who presses all the same reads what came of it."""

import pytest

from app.accounts.roles import DENIALS, refusal


@pytest.mark.parametrize("desk", DENIALS)
def test_a_reason_speaks_of_no_press(desk: str) -> None:
    assert "changed" not in DENIALS[desk].replace("change questionnaires", "")
    assert refusal(desk) == f"{DENIALS[desk]} Nothing was changed."
