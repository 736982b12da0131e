"""Who is signed in at the depositions desk."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def ines(client: Any, cast: Any) -> Any:
    """The browser of a scheduler."""
    return cast.sign_in(client, "ines")


@pytest.fixture
def another_browser(app: Any, cast: Any) -> Callable[[], Any]:
    """Opens further browsers of the same scheduler, for presses at the same time."""
    return lambda: cast.sign_in(app.test_client(), "ines")
