"""The depositions API: the document's operations, ours for one request and for asking to cancel, and those on sessions.

`/api/v1/sessions` is also an address of the prescreens API: the form of the credential decides.
"""

from datetime import datetime

from app.accounts.api_auth import depositions_authenticator
from app.accounts.last_seen import is_stale
from app.depositions import actions
from app.depositions.actions import people
from app.depositions.models import Deposition
from app.depositions.payloads import documents, incoming, outgoing
from app.depositions.queries import detail
from app.kernel.api.routing import Call, Product
from app.kernel.current import the_request
from app.kernel.db.transaction import side_note
from app.kernel.errors import Denied, Refusal
from app.kernel.json_types import JsonObject

MOST_ITEMS = 100

CANCELED = "Session successfully canceled."
REQUESTED = "The scheduling team was asked to cancel this session."


def _add_messages(problem: dict[str, object], refusal: Refusal) -> None:
    """Adds `messages`, which clients of this API read, as in the document's answer to cancel."""
    problem["messages"] = refusal.detail


product = Product(
    "depositions",
    "Session Requests",
    "Request remote depositions, follow them until they are scheduled, and cancel them.",
    depositions_authenticator,
    extend_problem=_add_messages,
    problem=outgoing.ProblemWithMessages,
    names_ignored=True,
)


def _find(call: Call) -> Deposition:
    return detail.find(call.reading, call.organization.id, call.args["session"])


def _signed(call: Call, payload: str) -> JsonObject:
    return depositions_authenticator.parameters(payload, call.organization.slug, call.reading, call.now)


def _note_reading(call: Call) -> None:
    """Writes that this key reads its organization's requests, at most once a minute, before it does: what was true by
    then is known to its system. The other readings of a minute leave the moment of the first. Who asks for the head
    alone reads nothing.
    """
    if call.caller is None or the_request().method == "HEAD":
        return
    credential, organization_id, now = call.caller.credential, call.organization.id, call.now
    if is_stale(credential.read_at, now):
        side_note(lambda own: people.read(own, organization_id, credential.id, now))


@product.route(
    "POST",
    "/api/v1/session_requests",
    "/api/v1/sessions",
    body=incoming.CreateBody,
    answer=(201, outgoing.CreatedAnswer),
    summary="Submit a session request",
    refusals=(409,),
)
def create_session_request(call: Call) -> dict[str, object]:
    """Submits a request. The scheduling team reviews it (`initial`); with Self-Service it is `ready` at once.

    `invites` holds addresses, or objects with `email` and `access_level` (`participant` or `host`).
    """
    new = incoming.new_request_of(call.body)
    deposition = actions.request(call.db, call.organization, new, by=call.by, now=call.now)
    return documents.created(deposition, call.config.public_base_url)


@product.route(
    "GET",
    "/api/v1/session_requests",
    query=incoming.ListQuery,
    answer=(200, outgoing.ListAnswer),
    summary="View all session requests",
)
def list_session_requests(call: Call) -> dict[str, object]:
    """Your organization's requests in ascending id.

    `start_time` keeps those that start after it, `end_time` those that end before it; both are epoch seconds, and
    13 digits are read as milliseconds. `items` is the page size, at most 100.
    """
    return _listed(call, sessions=False)


@product.route(
    "GET",
    "/api/v1/sessions",
    query=incoming.SignedListQuery,
    answer=(200, outgoing.ListAnswer),
    summary="View all sessions",
    otherwise="prescreens",
    signed=_signed,
)
def list_sessions(call: Call) -> dict[str, object]:
    """The same list without requests that are not booked yet and without what was canceled."""
    return _listed(call, sessions=True)


def _listed(call: Call, sessions: bool) -> dict[str, object]:
    _note_reading(call)
    size, page = min(call.query.items, MOST_ITEMS), call.query.page

    def moment(epoch: int | None) -> datetime | None:
        return None if epoch is None else detail.instant_of(epoch, incoming.MILLISECONDS)

    rows, count = detail.listed(
        call.db,
        call.organization.id,
        after=moment(call.query.start_time),
        before=moment(call.query.end_time),
        page=page,
        size=size,
        sessions=sessions,
    )
    return documents.listed(rows, call.config.public_base_url, page=page, count=count, size=size)


@product.route(
    "GET",
    "/api/v1/session_requests/<session>",
    answer=(200, outgoing.OneAnswer),
    summary="View one session request",
    find=_find,
)
def get_session_request(call: Call) -> dict[str, object]:
    """One request as the list shows it. The path takes `id`, `remote_session_id` or the slug of the URL."""
    _note_reading(call)
    return documents.one(call.found, call.config.public_base_url)


@product.route(
    "POST",
    "/api/v1/session_requests/<session>/cancel",
    body=incoming.CancelBody,
    query=incoming.CancelQuery,
    answer=(200, outgoing.CanceledAnswer),
    summary="Cancel a session request",
    find=_find,
    refusals=(409,),
)
def cancel_session_request(call: Call) -> dict[str, str]:
    """Cancels a request that is not booked yet. The path takes `id`, `remote_session_id` or the slug of the URL.

    Everybody invited gets an e-mail unless `cancel_without_email` is true; the query wins over the body.
    """
    return _cancel(call)


def _has_self_service(call: Call) -> None:
    if not call.organization.self_service:
        raise Denied(
            "Only organizations with Self-Service change their sessions themselves. Nothing was changed. "
            "Ask the scheduling team to move it."
        )


@product.route(
    "PATCH",
    "/api/v1/sessions/<session>",
    body=incoming.ChangeBody,
    query=incoming.ChangeQuery,
    answer=(200, outgoing.OneAnswer),
    summary="Change a session",
    find=_find,
    allowed=_has_self_service,
    otherwise="prescreens",
    signed=_signed,
    refusals=(409,),
)
def change_session(call: Call) -> dict[str, object]:
    """Changes title, moment or invites of a session that has not begun; only with Self-Service.

    Of date, time and time zone all three are given or none. `invites` is the whole list: who is new on it is invited,
    who is missing hears that they no longer are. With another moment everybody gets an e-mail, and the webhook is sent.
    """
    change = incoming.change_of(call.body)
    deposition = actions.change_session(
        call.db, call.found.id, change, by=call.by, now=call.now, organization_id=call.organization.id
    )
    return documents.one(deposition, call.config.public_base_url)


@product.route(
    "PATCH",
    "/api/v1/sessions/<session>/cancel",
    body=incoming.SignedCancelBody,
    query=incoming.SignedCancelQuery,
    answer=(200, outgoing.CanceledAnswer),
    summary="Cancel a session",
    find=_find,
    otherwise="prescreens",
    signed=_signed,
    refusals=(409,),
)
def cancel_session(call: Call) -> dict[str, str]:
    """The same as canceling its session request."""
    return _cancel(call)


def _cancel(call: Call) -> dict[str, str]:
    silent = call.query.cancel_without_email
    if silent is None:
        silent = call.body.cancel_without_email
    actions.withdraw(
        call.db, call.found.id, organization_id=call.organization.id, by=call.by, now=call.now, notify=not silent
    )
    return {"messages": CANCELED}


@product.route(
    "POST",
    "/api/v1/session_requests/<session>/cancellation_request",
    answer=(200, outgoing.CancellationRequestedAnswer),
    summary="Ask for the cancellation of a booked session",
    find=_find,
    refusals=(409, 422),
)
def ask_for_cancellation(call: Call) -> dict[str, object]:
    """Puts a booked session in front of the scheduling team, who may cancel it. Asking again changes nothing."""
    deposition = actions.request_cancellation(
        call.db, call.found.id, organization_id=call.organization.id, by=call.by, now=call.now
    )
    return {"messages": REQUESTED, **documents.created(deposition, call.config.public_base_url)}
