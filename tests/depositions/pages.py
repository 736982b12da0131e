"""A signed-in browser without a screen: reads a page's token, sends its forms, and reads the API beside it."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from app.kernel.db.engine import Database
from tests.depositions import factories

ONLY_THE_TEAM = "Only the scheduling team may do this."
WITH_PREVIEW = ("schedule", "cancel", "start")
"""The verbs that show what they send before they act."""


def csrf(client: Any, url: str) -> str:
    text = client.get(url).get_data(as_text=True)
    return text.partition('name="csrf-token" content="')[2].partition('"')[0]


def send(
    client: Any, id: int, verb: str, *, version: int = 1, headers: dict[str, str] | None = None, **typed: Any
) -> Any:
    """Presses a button of a deposition's page; where a preview comes first, also the button beneath that."""
    return sender(client, id, verb, version=version, headers=headers, **typed)()


def sender(
    client: Any, id: int, verb: str, *, version: int = 1, headers: dict[str, str] | None = None, **typed: Any
) -> Callable[[], Any]:
    """The last press of `send`, everything before it done. A preview that is refused is its answer."""
    url, data = f"/depositions/{id}/{verb}", {"csrf_token": csrf(client, "/settings"), "version": version, **typed}
    if verb in WITH_PREVIEW:
        preview = client.post(url, data={**data, "step": "preview"}, headers=headers)
        if preview.status_code != 200:  # a refusal, or done already because there was nothing to show
            return lambda: preview
        data["preview"] = digest(preview)
    return lambda: client.post(url, data=data, headers=headers)


def at_once(presses: Sequence[Callable[[], Any]]) -> list[Any]:
    """The answers to several presses at the same time, each from a browser of its own, in their order."""
    gate = threading.Barrier(len(presses))
    answers: list[Any] = [None] * len(presses)

    def run(place: int, press: Callable[[], Any]) -> None:
        gate.wait(10)
        answers[place] = press()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def one_wins(answers: Sequence[Any]) -> Sequence[str]:
    """Checks that one press worked and the others were refused as conflicts; returns the pages of the refusals."""
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * (len(answers) - 1)
    return [text(answer) for answer in answers if answer.status_code == 409]


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


def digest(shown: Any) -> str:
    """What the preview carries to the confirming press."""
    return text(shown).partition('name="preview" value="')[2].partition('"')[0]


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))
