"""The shapes of the answers, for the OpenAPI document. `documents` fills them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.kernel.api.problem_shapes import Problem


class DeponentAnswer(BaseModel):
    name: str | None
    email: str | None
    role: Literal["deponent", "witness"] | None


class ListedInvite(BaseModel):
    email: str


class SessionRequestAnswer(BaseModel):
    session_type: str
    deponent: DeponentAnswer | None
    invites: list[str]


class ListedSessionRequestAnswer(BaseModel):
    session_type: str
    deponent: DeponentAnswer | None
    invites: list[ListedInvite]


class RemoteSessionAnswer(BaseModel):
    title: str
    case: str
    start_date: str
    start_time: str
    time_zone: str
    estimated_duration: int | float | None


class ListedRemoteSessionAnswer(RemoteSessionAnswer):
    file_number: str | None


class _Common(BaseModel):
    id: int
    session_state: Literal["initial", "scheduled", "ready", "active", "canceled"]
    session_url: str | None
    remote_session_id: str | None
    session_details: dict[str, str]
    notice: str | None
    ended_at: Annotated[str | None, Field(default=None, description="Only of a session that has ended.")]


class CreatedRequest(_Common):
    session_request: SessionRequestAnswer
    remote_session: RemoteSessionAnswer
    cancellation_requested: str | None


class ListedRequest(_Common):
    session_request: ListedSessionRequestAnswer
    remote_session: ListedRemoteSessionAnswer
    cancelation_requested: str | None


class CreatedAnswer(BaseModel):
    """The request, in a list of one."""

    requests: list[CreatedRequest]


class CancellationRequestedAnswer(CreatedAnswer):
    """The request whose cancellation was requested."""

    messages: str


class Pagy(BaseModel):
    page: int
    items: int
    count: int
    pages: int


class ListAnswer(BaseModel):
    """One page of requests, oldest first."""

    pagy: Pagy
    requests: list[ListedRequest]


class OneAnswer(BaseModel):
    """One request, as the list shows it."""

    requests: list[ListedRequest]


class CanceledAnswer(BaseModel):
    messages: str


class ProblemWithMessages(Problem):
    """Why something was not done (RFC 9457). `code` is stable; `messages` is the sentence of `detail`."""

    messages: str
