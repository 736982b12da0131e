"""The same by API: every request a page shows is one that the door knows, with a body it takes."""

import json
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask import Flask

from app.dashboard.api_examples import ApiExample
from app.depositions import api_examples as depositions
from app.depositions.payloads.incoming import CancelBody
from app.inspections import api_examples as inspections
from app.inspections.payloads import NewParticipant
from app.prescreens import api_examples as prescreens
from app.prescreens.api import ReviewBody


def known(app: Flask, twins: list[ApiExample]) -> set[str]:
    """What they do; each is matched against the routes of the API."""
    for twin in twins:
        path = urlsplit(twin.url).path
        assert path.startswith("/api/v1/")
        app.url_map.bind("localhost").match(path, method=twin.method)
        assert twin.text.startswith(f"{twin.method} http")
        assert json.loads(twin.body or "{}") is not None
    return {twin.act for twin in twins}


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        ("initial", {"Cancel it"}),
        ("scheduled", {"Ask for its cancellation"}),
        ("ready", {"Ask for its cancellation"}),
        ("canceled", set()),
        ("ended", set()),
    ],
)
def test_depositions(app: Flask, state: str, acts: set[str]) -> None:
    with app.test_request_context("/"):
        found = depositions.of(SimpleNamespace(id=7, state=state))
        assert known(app, found) == {"See it among all requests"} | acts
    for twin in found:
        if twin.body:
            assert CancelBody.model_validate_json(twin.body).cancel_without_email is False


@pytest.mark.parametrize(("state", "acts"), [("completed", {"Approve it", "Deny it"}), ("approved", set())])
def test_prescreens(app: Flask, state: str, acts: set[str]) -> None:
    with app.test_request_context("/"):
        found = prescreens.of(uuid4(), state)
        assert known(app, found) == {"See it"} | acts
    decided = [ReviewBody.model_validate_json(twin.body).reviewStatus for twin in found if twin.body]
    assert decided == (["approved", "denied"] if acts else [])


def test_inspections(app: Flask) -> None:
    invite = SimpleNamespace(id=uuid4(), recipient_name="Sana Rahman", recipient_email="", recipient_phone="")
    free, why = dict.fromkeys(("new_code", "reissue", "revoke"), ""), dict.fromkeys(("invite", "end"), "")
    inspection = SimpleNamespace(id=uuid4())
    with app.test_request_context("/"):
        found = inspections.of(inspection, why, [{"invite": invite, "reasons": free}])
        assert known(app, found) == {
            "See it",
            "Invite somebody",
            "New code, Sana Rahman",
            "New link and code, Sana Rahman",
            "Take back, Sana Rahman",
            "End it",
        }
        over = inspections.of(inspection, {"invite": "It is over.", "end": "It is over."}, [])
        assert known(app, over) == {"See it"}
    (body,) = (twin.body for twin in found if twin.body)
    assert NewParticipant.model_validate_json(body).send_email is True
