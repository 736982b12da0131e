"""The prescreens API: list, one, review, at the addresses and in the words of its document."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from app.accounts.api_auth import prescreens_authenticator
from app.kernel.api.routing import Call, Product, as_uuid
from app.kernel.api.validation import Body, InvalidValue, Query, Text
from app.kernel.errors import NotFound
from app.kernel.json_types import JsonObject
from app.prescreens import actions, payloads
from app.prescreens.queries import api as queries
from app.prescreens.queries import directory
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import review as rules

LAST_PAGE = 10**15

product = Product(
    "prescreens",
    "Sessions API",
    "View and manage pre-screening sessions. Sessions are created when prospects complete your public chat "
    "workflows. Each session contains the prospect's submission data and can be approved or denied.",
    prescreens_authenticator,
    malformed_status=422,
)


def _whole_number(value: object) -> int:
    """A whole number written in digits, and nothing else that Python would also read as one."""
    text = str(value)
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidValue("This must be a whole number.", "type")
    number = int(digits[:19]) if len(digits) < 19 else 10**18
    return -number if text.startswith("-") else number


def _uuid(value: object) -> UUID:
    try:
        return as_uuid(str(value))
    except NotFound:
        raise InvalidValue("This must be a UUID.", "format") from None


# The bounds come first, so that the OpenAPI document says them too.
PageNumber = Annotated[int, Field(ge=1, le=LAST_PAGE), BeforeValidator(_whole_number)]
PageSize = Annotated[int, Field(ge=1), BeforeValidator(_whole_number)]
Id = Annotated[UUID, BeforeValidator(_uuid)]
Status = Literal["active", "completed", "expired", "draft"]
ReviewStatus = Literal["pending_review", "approved", "denied"]


class ListQuery(Query):
    """Filters combine; each left out means any."""

    page: Annotated[PageNumber, Field(description="Page number")] = 1
    limit: Annotated[PageSize, Field(description="Items per page; above your plan's maximum it is capped")] = 20
    contactId: Annotated[Id | None, Field(description="Filter by contact")] = None
    workflowTemplateId: Annotated[Id | None, Field(description="Filter by workflow template")] = None
    status: Annotated[Status | None, Field(description="Filter by status")] = None
    reviewStatus: Annotated[ReviewStatus | None, Field(description="Filter by review status")] = None


class PageQuery(Query):
    """One page of a list without filters."""

    page: Annotated[PageNumber, Field(description="Page number")] = 1
    limit: Annotated[PageSize, Field(description="Items per page; above your plan's maximum it is capped")] = 20


class ReviewBody(Body):
    """The decision. It is final."""

    reviewStatus: Annotated[Literal["approved", "denied"], Field(description="`approved` or `denied`")]
    reviewNotes: Annotated[
        Text(rules.NOTES_LIMIT) | None,
        Field(description="Internal notes (max 2000 chars, not shown to prospect)"),
    ] = None


class Session(BaseModel):
    """One pre-screening session."""

    id: UUID
    contactId: UUID | None
    workflowTemplateId: UUID
    submission: Annotated[JsonObject, Field(description="Answers; keys depend on the workflow template")]
    status: Status
    reviewStatus: ReviewStatus
    reviewNotes: str | None
    reviewedAt: datetime | None
    createdAt: datetime
    updatedAt: datetime
    expiresAt: datetime


class OneSession(Session):
    """The session itself, and the same object again under `data`."""

    data: Session


class Pagination(BaseModel):
    page: int
    limit: Annotated[int, Field(description="What was used, which is what was asked for or your plan's maximum")]
    total: int
    totalPages: int


class SessionList(BaseModel):
    data: list[Session]
    pagination: Pagination


class Option(BaseModel):
    value: str
    label: str


class TemplateQuestion(BaseModel):
    """A question; `key` is that of its answer in a submission."""

    key: str
    label: str
    type: str
    required: bool
    help: str
    options: list[Option]


class WorkflowTemplate(BaseModel):
    """A questionnaire of your organization in its published version."""

    id: UUID
    name: str
    version: int
    isOpen: Annotated[bool, Field(description="Whether prospects can start")]
    url: Annotated[str, Field(description="Its public address")]
    languages: Annotated[list[str], Field(description="The languages it can be answered in, its own first")]
    introduction: str
    questions: list[TemplateQuestion]
    createdAt: datetime
    publishedAt: datetime


class OneWorkflowTemplate(WorkflowTemplate):
    """The template itself, and the same object again under `data`."""

    data: WorkflowTemplate


class WorkflowTemplateList(BaseModel):
    data: list[WorkflowTemplate]
    pagination: Pagination


class Contact(BaseModel):
    """A person whom sessions are filed under."""

    id: UUID
    name: str
    email: str | None
    phone: Annotated[str | None, Field(description="As it was typed")]
    createdAt: datetime


class OneContact(Contact):
    """The contact itself, and the same object again under `data`."""

    data: Contact


class ContactList(BaseModel):
    data: list[Contact]
    pagination: Pagination


def _find(call: Call) -> queries.SessionRow:
    """The session of the path, if it is the caller's organization's. Raises NotFound."""
    found = queries.one(call.reading, call.organization.id, as_uuid(call.args["id"]))
    if found is None:
        raise NotFound("There is no such session.")
    return found


def _may_review(call: Call) -> None:
    rules.check_plan(call.organization.plan)


@product.route(
    "GET", "/api/v1/sessions", query=ListQuery, answer=(200, SessionList), summary="List sessions", refusals=(422,)
)
def list_sessions(call: Call) -> JsonObject:
    """Returns a paginated list of pre-screening sessions, newest first."""
    asked: ListQuery = call.query
    limit = rules.page_limit(call.organization.plan, asked.limit)
    filters = queries.Filters(asked.contactId, asked.workflowTemplateId, asked.status, asked.reviewStatus)
    total = queries.count(call.db, call.organization.id, filters, call.now)
    offset = (asked.page - 1) * limit
    rows = (
        queries.page(call.db, call.organization.id, filters, call.now, offset=offset, limit=limit)
        if offset < total
        else []
    )
    return payloads.page(rows, call.now, number=asked.page, limit=limit, total=total)


@product.route("GET", "/api/v1/sessions/<id>", find=_find, answer=(200, OneSession), summary="Get a session")
def get_session(call: Call) -> JsonObject:
    """Returns a single session by ID, including the full submission data."""
    return payloads.one(call.found, call.now)


@product.route(
    "PATCH",
    "/api/v1/sessions/<id>/review",
    find=_find,
    allowed=_may_review,
    body=ReviewBody,
    answer=(200, OneSession),
    summary="Review a session",
    refusals=(409, 422),
)
def review_session(call: Call) -> JsonObject:
    """Approves or denies a completed session. Final: a session cannot be reviewed again."""
    asked: ReviewBody = call.body
    act = actions.approve if asked.reviewStatus == "approved" else actions.deny
    reach = Reach((call.organization.id,))
    done = act(call.db, call.found.id, asked.reviewNotes, reach=reach, by=call.by, now=call.now)
    return payloads.one(done, call.now)


# Beyond the document ----------------------------------------------------------------------------------------------


def _find_template(call: Call) -> object:
    found = directory.template(call.reading, call.organization.id, as_uuid(call.args["id"]))
    if found is None:
        raise NotFound("There is no such workflow template.")
    return found


def _find_contact(call: Call) -> object:
    found = directory.contact(call.reading, call.organization.id, as_uuid(call.args["id"]))
    if found is None:
        raise NotFound("There is no such contact.")
    return found


@product.route(
    "GET",
    "/api/v1/workflow-templates",
    query=PageQuery,
    answer=(200, WorkflowTemplateList),
    summary="List workflow templates",
    refusals=(422,),
)
def list_workflow_templates(call: Call) -> JsonObject:
    """Returns your published workflow templates, newest first. Not in the printed document."""
    limit, number = rules.page_limit(call.organization.plan, call.query.limit), call.query.page
    rows, total = directory.templates(call.db, call.organization.id, offset=(number - 1) * limit, limit=limit)
    data = [payloads.workflow_template(row, call.config.public_base_url) for row in rows]
    return payloads.listed(data, number=number, limit=limit, total=total)


@product.route(
    "GET",
    "/api/v1/workflow-templates/<id>",
    find=_find_template,
    answer=(200, OneWorkflowTemplate),
    summary="Get a workflow template",
)
def get_workflow_template(call: Call) -> JsonObject:
    """Returns one published workflow template. Not in the printed document."""
    return payloads.twice(payloads.workflow_template(call.found, call.config.public_base_url))


@product.route(
    "GET",
    "/api/v1/contacts",
    query=PageQuery,
    answer=(200, ContactList),
    summary="List contacts",
    refusals=(422,),
)
def list_contacts(call: Call) -> JsonObject:
    """Returns your contacts, newest first. Not in the printed document."""
    limit, number = rules.page_limit(call.organization.plan, call.query.limit), call.query.page
    rows, total = directory.contacts(call.db, call.organization.id, offset=(number - 1) * limit, limit=limit)
    return payloads.listed([payloads.contact(row) for row in rows], number=number, limit=limit, total=total)


@product.route("GET", "/api/v1/contacts/<id>", find=_find_contact, answer=(200, OneContact), summary="Get a contact")
def get_contact(call: Call) -> JsonObject:
    """Returns one contact. Not in the printed document."""
    return payloads.twice(payloads.contact(call.found))
