"""A new organization, from its first form to its first decision, by forms, links and e-mails alone."""

import re
from datetime import timedelta
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.locales import TRANSLATIONS
from tests.accounts.browser import post
from tests.accounts.test_password import choose, link_in
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import csrf, presser, text
from tests.prescreens.decisions import last, sweep
from tests.prescreens.factories import stored
from tests.prescreens.test_approve import token
from tests.prescreens.visitors import Visitor, answer_all

CEDAR = {"name": "Cedar Court", "slug": "cedar", "plan": "pro", "locale": "en", "time_zone": "America/New_York"}
PROSPECT = "jo@example.com"
GIVEN = {
    "fullName": "Jo March",
    "moveInDate": f"{now() + timedelta(days=30):%Y-%m-%d}",
    "budget": "$2,500",
    "leaseTerm": "12 months",
    "smoker": "no",
    "canProveIncome": "yes",
    "proof": "pay slips",
    "email": PROSPECT,
}


def joins(by: FlaskClient, outbox: Outbox, place: str, name: str, role: str) -> FlaskClient:
    """Somebody who is invited on the page for it, chooses a password by the e-mail's link, and is signed in by that."""
    email = f"{name.lower()}@cedar.example.com"
    form = {"name": f"{name} Cedar", "email": email, "role": role, "place": place}
    assert post(by, "/people/invite", form).status_code == 303
    (mail,) = outbox.emails(email)
    theirs = by.application.test_client()
    assert choose(theirs, link_in(mail["text"])) == 303
    return theirs


def test_from_the_first_form_to_the_first_decision(app: Flask, database: Database, cast: Cast, outbox: Outbox) -> None:
    staff = cast.sign_in(app.test_client(), "hugo")
    made = post(staff, "/organizations", CEDAR)
    assert made.status_code == 303
    place = made.location.rpartition("/")[2]
    admin = joins(staff, outbox, place, "Abby", "admin")
    lead, agent = (joins(admin, outbox, place, *who) for who in (("Lou", "leasing_lead"), ("Gil", "leasing_agent")))

    assert "Create the first one" in text(lead.get("/prescreens/questionnaires"))
    form = {"name": "Garden flat", "start": "home"}
    url = post(lead, "/prescreens/questionnaires", form).location.removesuffix("/edit")
    assert presser(lead, f"{url}/publish", preview=True, version="1")().status_code == 303

    visitor = answer_all(Visitor(app.test_client()).get("/p/cedar/garden-flat").press("/start"), GIVEN)
    visitor.press("/complete")
    status = visitor.status_path
    assert "Jo March" in text(agent.get("/prescreens"))
    (id,) = {UUID(found) for found in re.findall(r'href="/prescreens/([0-9a-f-]{36})', text(agent.get("/prescreens")))}
    reasons = {"reason": "Budget", "about:Budget": ":else", "other:Budget": "Quokkas need more room"}
    fields = token(agent, f"/prescreens/{id}", "deny")
    assert (
        admin.post(f"/prescreens/{id}/deny", data={**fields, **reasons, "csrf_token": csrf(admin)}).status_code == 403
    )
    assert agent.post(f"/prescreens/{id}/deny", data={**fields, **reasons}).status_code == 303
    decision = last(database, id)
    assert sweep(database, decision.final_at)

    row = stored(database, id)
    assert (row.review_status, row.reviewed_by, str(row.organization_id)) == ("denied", "Gil Cedar", place)
    t, mail = TRANSLATIONS.translator("en"), outbox.emails(PROSPECT)[-1]
    assert mail["subject"] == t("mail_denied_subject", organization="Cedar Court")
    (mailed,) = re.findall(r"/p/cedar/garden-flat/status/\S+", mail["text"])
    for each in (status, mailed):
        assert t("state_denied") in visitor.get(each).page
    assert "Quokkas" not in visitor.page + mail["text"] + mail["html"]
    assert "Quokkas" in text(agent.get(f"/prescreens/{id}"))
