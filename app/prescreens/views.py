"""Pages of the leasing agents: the list of prescreens, one prescreen with its decision, and the templates."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import PRESCREENS, Role
from app.kernel import clock, events, outbox
from app.kernel.errors import BadRequest, NotFound, Refusal
from app.kernel.htmx import respond, see_other
from app.kernel.transaction import db, reading
from app.kernel.words import number_of
from app.prescreens import actions, display, emails, telling
from app.prescreens.forms import DecisionForm, TakeForm
from app.prescreens.models import ReviewStatus
from app.prescreens.queries import contacts, desk, one, templates
from app.prescreens.queries.desk import Tally, View
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import review

pages = Blueprint("prescreens", __name__, url_prefix="/prescreens")

STAFF = (Role.LEASING_AGENT, Role.ADMIN, Role.AUDITOR)
LONGEST_TEXT = 100
PAGE_SIZE = 50


class Asked:
    """What the address asks for: a view, and perhaps one organization. Raises BadRequest when there is no such view."""

    def __init__(self) -> None:
        self.state = request.args.get("state") or "waiting"
        self.left = self._number("left")
        self.organization_id = self._number("organization")
        self.template_id = self._id("template")
        self.text = request.args.get("q", "").replace("\x00", "").strip()[:LONGEST_TEXT]
        if self.state not in desk.STATES or self.left not in (None, 3, 7):
            raise self._unknown()
        if self.state != "waiting":
            self.left = None
        self.reach = desk.reach_of(me().scope(PRESCREENS), self.organization_id)

    @property
    def view(self) -> View:
        return View(self.state, self.left, self.template_id, self.text)

    def url(self, endpoint: str = ".list", **changes: Any) -> str:
        """The same view elsewhere; only what differs from the plain list stands in the address."""
        asked = {
            "state": None if self.state == "waiting" else self.state,
            "left": self.left,
            "organization": self.organization_id,
            "template": self.template_id,
            "q": self.text or None,
            **changes,
        }
        return url_for(endpoint, **{name: value for name, value in asked.items() if value is not None})

    def _number(self, name: str) -> int | None:
        value = request.args.get(name, "")
        if value and not (value.isascii() and value.isdigit() and len(value) < 10):
            raise self._unknown()
        return int(value) if value else None

    def _id(self, name: str) -> UUID | None:
        try:
            return UUID(value) if (value := request.args.get(name, "")) else None
        except ValueError:
            raise self._unknown() from None

    @staticmethod
    def _unknown() -> BadRequest:
        return BadRequest("This address asks for a view that does not exist. Start again from the list of prescreens.")


@pages.get("", endpoint="list")
@allow(*STAFF)
def list_() -> Response:
    """The prescreens of one view, grouped by what is urgent about them."""
    asked, now = Asked(), clock.now()
    tally = desk.tally(db(), asked.reach, now, asked.template_id)
    page = desk.page(db(), asked.reach, asked.view, now, after=request.args.get("after"), size=PAGE_SIZE)
    total = desk.count_matching(db(), asked.reach, asked.view, now) if asked.text else tally.of(asked.state, asked.left)
    choices = templates.names(db(), desk.reach_of(me().scope(PRESCREENS), asked.organization_id))
    homes = templates.organizations(db(), desk.reach_of(me().scope(PRESCREENS)))
    several = asked.organization_id is None and len(homes) > 1
    return respond(
        "prescreens/list.html",
        "prescreens/_queue.html",
        "queue",
        asked=asked,
        title=telling.TITLES[asked.state, asked.left],
        lede=_lede(tally, homes, asked),
        views=_views(asked, tally),
        stretches=_groups(asked, page.rows, tally, now, several),
        total=total,
        full=bool(asked.text) and total >= desk.MOST_MATCHES,
        hidden=tally.of(asked.state, asked.left) if asked.text else 0,
        next_url=asked.url(after=page.next_cursor) if page.next_cursor else "",
        first_url="" if page.first else asked.url(),
        states=telling.STATE_CHOICES,
        template_choices=[("", "any"), *((row.id, _named(row, several)) for row in choices)],
        organization_choices=[("", "any"), *((row.id, row.name) for row in homes)],
        several=several,
        decided=asked.state in ("decided", "approved", "denied"),
        zone=me().time_zone,
        now=now,
    )


def _named(row: Any, several: bool) -> str:
    return f"{row.name}, {row.organization_name}" if several else row.name


def _lede(tally: Tally, homes: Any, asked: Asked) -> str:
    """What waits, where, and what is lost soon."""
    where = next((row.name for row in homes if row.id == asked.organization_id), "")
    if not where:
        where = homes[0].name if len(homes) == 1 else number_of(len(homes), "organization")
    waiting = f"{tally.waiting:,} {'waits' if tally.waiting == 1 else 'wait'} for a decision at {where}."
    soon = tally.until[3]
    if not soon:
        return waiting
    verb = "expires" if soon == 1 else "expire"
    return f"{waiting} {soon:,} {verb} within three days and could not be decided after that."


def _views(asked: Asked, tally: Tally) -> list[dict[str, Any]]:
    """The tabs. They keep organization and template, and drop the text."""
    shown = []
    for state, left in telling.TABS:
        n = tally.of(state, left)
        # Tabs about a single decision stand in the filter; "Decided" stays lit for them.
        lit = "decided" if asked.state in ("approved", "denied") else asked.state
        shown.append(
            {
                "label": telling.TAB_LABELS[state, left],
                "url": asked.url(state=None if state == "waiting" else state, left=left, q=None),
                "count": n,
                "tone": "danger" if left == 3 and n else "",
                "current": (state, left) == (lit, asked.left),
            }
        )
    return shown


def _groups(asked: Asked, rows: Any, tally: Tally, now: datetime, several: bool) -> list[dict[str, Any]]:
    """Rows under their group's heading; each row with the few facts that decide."""
    found = [row for _, row in rows]
    questions = templates.questions_of(db(), ((row.workflow_template_id, row.template_version) for row in found))
    again = contacts.known_before(db(), asked.reach, found)
    shown: list[dict[str, Any]] = []
    for key, row in rows:
        if not shown or shown[-1]["key"] != key:
            heading, icon, tone = telling.GROUPS[key]
            count = None if asked.text else telling.group_count(key, tally, asked.left)
            shown.append({"key": key, "title": heading, "icon": icon, "tone": tone, "count": count, "rows": []})
        these = questions[row.workflow_template_id, row.template_version]
        shown[-1]["rows"].append(
            {
                "id": row.id,
                "url": asked.url(".detail", id=row.id),
                "name": telling.name_of(row),
                "template": f"{row.template_name}, {row.organization_name}" if several else row.template_name,
                "headlines": display.headlines(these, row.submission),
                "badges": telling.badges(
                    row, display.not_met(these, row.submission), row.id in again, now, mixed=asked.state == "all"
                ),
                "with": row.assignee_name,
                "done": row.review_status != ReviewStatus.PENDING,
                "days": review.days_left(row.expires_at, now),
                "expired": review.has_expired(row, now),
                "until": telling.until(row.expires_at, me().time_zone, now),
                "expires_at": row.expires_at,
                "reviewed_at": row.reviewed_at,
            }
        )
    return shown


@pages.get("/<uuid:id>")
@allow(*STAFF)
def detail(id: UUID) -> Response:
    """One prescreen: the answers beside the criteria, what came before, what happened, and the decision."""
    asked, now = Asked(), clock.now()
    row = _find(id)
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


def _find(id: UUID) -> Any:
    """The prescreen, if it is within this person's reach. Raises NotFound."""
    row = one.get(reading(), id, desk.reach_of(me().scope(PRESCREENS)))
    if row is None:
        raise NotFound("There is no such prescreen, or it belongs to an organization that is not yours.")
    return row


def _why_not(row: Any, now: datetime) -> str | None:
    """The sentence beside disabled decision buttons, or None."""
    try:
        review.check_review(row, now)
    except Refusal as refusal:
        return refusal.detail
    return None


@pages.post("/<uuid:id>/approve")
@allow(*STAFF)
def approve(id: UUID) -> Response:
    """Approves, finally."""
    return _decide(id, actions.approve, "approved")


@pages.post("/<uuid:id>/deny")
@allow(*STAFF)
def deny(id: UUID) -> Response:
    """Denies, finally."""
    return _decide(id, actions.deny, "denied")


def _decide(id: UUID, act: Callable[..., Any], word: str) -> Response:
    asked, form = Asked(), DecisionForm()
    me().check(PRESCREENS, _find(id).organization_id)
    form.check()
    notes = (form.notes.data or "").replace("\r\n", "\n") or None
    reach, by = _mine(), me().actor()
    row = act(db(), id, notes, reach=reach, by=by, now=clock.now(), version=form.seen_version)
    workflow = templates.version(db(), row.workflow_template_id, row.template_version)
    flash(f"{telling.name_of(row)} is {word}. {telling.told(row, workflow)}", "good")
    return see_other(asked.url(".detail", id=id))


def _mine() -> Reach:
    """Whose prescreens this person may act on."""
    return desk.reach_of(me().scope(PRESCREENS, write=True))


@pages.post("/<uuid:id>/take")
@allow(*STAFF)
def take(id: UUID) -> Response:
    """Assigns it to oneself, from nobody or from whoever had it on the page."""
    asked, form = Asked(), TakeForm()
    me().check(PRESCREENS, _find(id).organization_id)
    form.check()
    holder = int(form.holder.data) if (form.holder.data or "").isdecimal() else None
    actions.take(db(), id, me().id, holder, reach=_mine(), by=me().actor(), now=clock.now())
    return see_other(asked.url(".detail", id=id))


@pages.post("/<uuid:id>/release")
@allow(*STAFF)
def release(id: UUID) -> Response:
    """Gives it back."""
    asked, form = Asked(), TakeForm()
    me().check(PRESCREENS, _find(id).organization_id)
    form.check()
    actions.release(db(), id, me().id, reach=_mine(), by=me().actor(), now=clock.now())
    return see_other(asked.url(".detail", id=id))


@pages.get("/templates", endpoint="templates")
@allow(*STAFF)
def template_list() -> Response:
    """The questionnaires of an organization, with their public addresses."""
    rows = templates.listing(db(), desk.reach_of(me().scope(PRESCREENS)))
    return respond(
        "prescreens/templates.html",
        rows=[{**row._mapping, "asked": len(row.questions), "link": _public_link(row)} for row in rows],
        several=len({row.organization_id for row in rows}) > 1,
        zone=me().time_zone,
    )


@pages.get("/templates/<uuid:id>")
@allow(*STAFF)
def template(id: UUID) -> Response:
    """One questionnaire in one of its versions."""
    number = request.args.get("version", "")
    wanted = int(number) if number.isdecimal() and len(number) < 6 else None
    found = templates.one(db(), desk.reach_of(me().scope(PRESCREENS)), id, wanted)
    if found is None:
        raise NotFound("There is no such template, or it belongs to an organization that is not yours.")
    versions = templates.versions(db(), id)
    return respond(
        "prescreens/template.html",
        workflow=found,
        versions=versions,
        current=versions[0].number,
        types=telling.TYPES,
        labels={question.key: question.label for question in found.questions},
        link=f"{db().config.public_base_url}/p/{found.organization_slug}/{found.slug}",
        zone=me().time_zone,
    )


def _public_link(row: Any) -> str:
    return f"{db().config.public_base_url}/p/{row.organization_slug}/{row.slug}"
