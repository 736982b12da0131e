"""What every verb's test asks of a deposition's page, and of the API beside it."""

from collections.abc import Callable
from typing import Any

from app.kernel.db.engine import Database
from tests.depositions import factories
from tests.pages import presser, text

ONLY_THE_TEAM = "Only the scheduling team may do this."
WITH_PREVIEW = (
    "ask",
    "schedule",
    "cancel",
    "change_room",
    "decline_cancellation",
    "tell",
    "start",
    "end",
    "move",
    "change_manager",
    "keep_clock_time",
    "keep_moment",
    "propose",
    "remind_hours",
    "ask_added",
)
"""The verbs that show what they send before they act."""


def send(
    client: Any, id: int, verb: str, *, version: int = 1, headers: dict[str, str] | None = None, **typed: Any
) -> Any:
    """Presses a button of a deposition's page; where a preview comes first, also the button beneath that."""
    return sender(client, id, verb, version=version, headers=headers, **typed)()


def sender(
    client: Any, id: int, verb: str, *, version: int = 1, headers: dict[str, str] | None = None, **typed: Any
) -> Callable[[], Any]:
    """The last press of `send`, everything before it done."""
    return presser(
        client, f"/depositions/{id}/{verb}", preview=verb in WITH_PREVIEW, headers=headers, version=version, **typed
    )


def others_may_not(client: Any, cast: Any, database: Database, made: Any, verb: str, **typed: Any) -> None:
    """Checks that nobody but the scheduling team presses this verb, and that nothing changes when others do."""
    before = stored(database, made.id)
    for who in ("hugo", "ada", "adam", "aude"):
        cast.sign_in(client, who)
        answer = send(client, made.id, verb, version=made.version, **typed)
        assert (who, answer.status_code) == (who, 403)
        assert ONLY_THE_TEAM in text(answer)
    for who, status in (("lena", 403), ("otto", 403), ("nora", 403), ("abel", 404)):
        cast.sign_in(client, who)
        assert (who, send(client, made.id, verb, version=made.version, **typed).status_code) == (who, status)
    assert stored(database, made.id) == before


def stored(database: Database, id: int) -> Any:
    """The row as it is now."""
    with database.read() as db:
        return db.execute(factories.one(id)).one()


def listed(client: Any, cast: Any, id: int, organization: str = "marston") -> Any:
    """The deposition as the API's list shows it to its organization; None when it is not there."""
    answer = client.get("/api/v1/session_requests", headers=cast.headers("depositions", organization))
    return next((each for each in answer.json["requests"] if each["id"] == id), None)
