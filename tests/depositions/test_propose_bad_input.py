"""Offering other hours: what no page offers is refused in words, and the form comes back with the rest."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.clocks import Clock
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.depositions.test_propose import HOURS
from tests.pages import csrf, text


@pytest.fixture
def session(database: Any, cast: Cast, clock: Clock) -> Any:
    clock.set(factories.at("2026-12-01 10:00"))
    return factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-12-15 19:00"))


@pytest.mark.parametrize("slot", ["9999-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "soon", ""])
def test_an_hour_that_no_calendar_offers_is_refused_and_can_be_edited(
    client: Any, cast: Cast, database: Any, session: Any, slot: str
) -> None:
    cast.sign_in(client, "ines")
    data = {"csrf_token": csrf(client), "version": session.version, "slots": [HOURS[0], slot], "quorum": "3"}
    refused = client.post(f"/depositions/{session.id}/propose", data={**data, "step": "preview"})
    assert (refused.status_code, "Choose among the hours on the page." in text(refused)) == (422, True)
    edited = client.post(f"/depositions/{session.id}/propose", data={**data, "edit": "propose"})
    assert (edited.status_code, f'value="{HOURS[0]}" checked' in text(edited)) == (200, True)
    assert stored(database, session.id) == session
