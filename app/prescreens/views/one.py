"""The page of one prescreen: the answers beside the criteria, what came before, what happened, and the decision."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS
from app.kernel import clock, events, outbox
from app.kernel.errors import Refusal
from app.kernel.htmx import respond
from app.kernel.transaction import db
from app.prescreens import display, emails, telling
from app.prescreens.forms import DecisionForm
from app.prescreens.queries import contacts, desk, templates
from app.prescreens.rules import review
from app.prescreens.views.shared import STAFF, Asked, find, pages


@pages.get("/<uuid:id>")
@allow(*STAFF)
def detail(id: UUID) -> Response:
    """One prescreen: the answers beside the criteria, what came before, what happened, and the decision."""
    asked, now = Asked(), clock.now()
    row = find(id)
    workflow = templates.version(db(), row.workflow_template_id, row.template_version)
    answers = display.beside_criteria(workflow.questions, row.submission)
    previous, following = desk.neighbours(db(), asked.reach, asked.view, now, row)
    refusal = _why_not(row, now)
    scope = me().scope(PRESCREENS)
    return respond(
        "prescreens/detail.html",
        asked=asked,
        row=row,
        name=telling.name_of(row),
        workflow=workflow,
        state=review.state_of(row, now),
        badge=telling.state_badge(row, now),
        days=review.days_left(row.expires_at, now),
        answers=answers,
        criteria=any(answer["criterion"] for answer in answers),
        earlier=[telling.earlier(other, now) for other in contacts.earlier(db(), row)],
        contact=contacts.get(db(), row.contact_id),
        other_contact=contacts.get(db(), row.other_contact_id),
        story=telling.story(events.story(db(), "prescreen", id), outbox.deliveries_of(db(), "prescreen", id)),
        form=DecisionForm(formdata=None, version=row.version),
        reason=me().why_not(PRESCREENS, row.organization_id) or refusal,
        why_not_take=me().why_not(PRESCREENS, row.organization_id),
        letters={
            verb: emails.preview(db(), row, workflow, decision.value) for verb, decision in review.DECISIONS.items()
        }
        if refusal is None
        else {},
        previous_url=asked.url(".detail", id=previous) if previous else "",
        next_url=asked.url(".detail", id=following) if following else "",
        list_label=telling.TAB_LABELS.get((asked.state, asked.left), telling.TITLES[asked.state, asked.left]),
        several=scope.everything or len(scope.organization_ids) > 1,
        zone=me().time_zone,
        now=now,
    )


def _why_not(row: Any, now: datetime) -> str | None:
    """The sentence beside disabled decision buttons, or None."""
    try:
        review.check_review(row, now)
    except Refusal as refusal:
        return refusal.detail
    return None
