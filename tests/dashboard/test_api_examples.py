"""API equivalent: every request that a page shows is one that the API knows, with a body that it takes."""

import json
from types import SimpleNamespace
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask import Flask

from app.dashboard.api_examples import ApiExample
from app.depositions import api_examples as depositions
from app.depositions.payloads.incoming import CancelBody, ChangeBody, change_of
from app.inspections import api_examples as inspections
from app.inspections.payloads import NewParticipant
from app.prescreens import api_examples as prescreens
from app.prescreens.api import ReviewBody


def known(app: Flask, examples: list[ApiExample]) -> set[str]:
    """What they do; each is matched against the routes of the API."""
    for example in examples:
        path = urlsplit(example.url).path
        assert path.startswith("/api/v1/")
        app.url_map.bind("localhost").match(path, method=example.method)
        assert example.text.startswith(f"{example.method} http")
        assert json.loads(example.body or "{}") is not None
    return {example.act for example in examples}


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        ("initial", {"Cancel it"}),
        ("scheduled", {"Request its cancellation"}),
        ("ready", {"Request its cancellation", "Change it"}),
        ("canceled", set()),
        ("ended", set()),
    ],
)
def test_depositions(app: Flask, state: str, acts: set[str]) -> None:
    with app.test_request_context("/"):
        moment = {"start_date": "2030-01-28", "start_time": "01:30 PM", "time_zone": "UTC"}
        found = depositions.of(SimpleNamespace(id=7, state=state, remote_session_id=uuid4(), **moment))
        assert known(app, found) == {"List all requests", "View it"} | acts
    for example in found:
        if example.body and example.method == "PATCH":
            assert change_of(ChangeBody.model_validate_json(example.body)).start.start_date == "2030-01-28"
        elif example.body:
            assert CancelBody.model_validate_json(example.body).cancel_without_email is False


@pytest.mark.parametrize(("state", "acts"), [("completed", {"Approve it", "Deny it"}), ("approved", set())])
def test_prescreens(app: Flask, state: str, acts: set[str]) -> None:
    with app.test_request_context("/"):
        found = prescreens.of(uuid4(), state, uuid4(), uuid4())
        assert known(app, found) == {"See it", "See its questionnaire", "See its contact"} | acts
    decided = [ReviewBody.model_validate_json(example.body).reviewStatus for example in found if example.body]
    assert decided == (["approved", "denied"] if acts else [])


def test_inspections(app: Flask) -> None:
    invite = SimpleNamespace(id=uuid4(), recipient_name="Sana Rahman", recipient_email="", recipient_phone="")
    free, why = dict.fromkeys(("new_code", "reissue", "revoke"), ""), dict.fromkeys(("invite", "end"), "")
    inspection = SimpleNamespace(id=uuid4())
    with app.test_request_context("/"):
        found = inspections.of(inspection, why, [SimpleNamespace(invite=invite, reasons=free)])
        assert known(app, found) == {
            "Retrieve it",
            "Invite a field user",
            "New code, Sana Rahman",
            "New link and code, Sana Rahman",
            "Revoke, Sana Rahman",
            "End it",
        }
        over = inspections.of(inspection, {"invite": "It is over.", "end": "It is over."}, [])
        assert known(app, over) == {"Retrieve it"}
    (body,) = (example.body for example in found if example.body)
    assert NewParticipant.model_validate_json(body).send_email is True
