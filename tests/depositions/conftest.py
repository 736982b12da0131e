"""Who is signed in at the depositions desk."""

from typing import Any

import pytest


@pytest.fixture
def ines(client: Any, cast: Any) -> Any:
    """The browser of a scheduler."""
    return cast.sign_in(client, "ines")
