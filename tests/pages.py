"""A signed-in browser without a screen: reads a page's token and presses its buttons, one after another or at once."""

import re
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Any

from itsdangerous import URLSafeTimedSerializer

TOKEN = re.compile(r'name="csrf[-_]token"[^>]*(?:content|value)="([^"]+)"')


def csrf(client: Any, url: str | None = None) -> str:
    """The form token of a page; without an address the one that every page of this session shows.

    Rendering a page to read its token costs more than most presses, so the token is signed here as Flask-WTF does.
    """
    if url is not None:
        found = TOKEN.search(text(client.get(url, follow_redirects=True)))
        assert found is not None, f"{url} shows no form token."
        return found[1]
    with client.session_transaction() as session:
        raw = session.setdefault("csrf_token", secrets.token_hex(20))
    return str(URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token").dumps(raw))


def presser(
    client: Any, url: str, *, preview: bool = False, headers: dict[str, str] | None = None, **typed: Any
) -> Callable[[], Any]:
    """The press of a button, everything before it done. With `preview` that is the confirming button beneath what is
    shown first; a preview that is refused is the answer.
    """
    data = {"csrf_token": csrf(client), **typed}
    if preview:
        shown = client.post(url, data={**data, "step": "preview"}, headers=headers)
        if shown.status_code != 200:
            return lambda: shown
        data["preview"] = digest(shown)
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


def digest(shown: Any) -> str:
    """What a preview carries to the confirming press."""
    return text(shown).partition('name="preview" value="')[2].partition('"')[0]


def without_tokens(html: str) -> str:
    """A page without its form tokens, which are masked anew in every response."""
    return re.sub(r'(name="csrf_token" value|name="csrf-token" content)="[^"]*"', r"\1", html)


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))
