"""A signed-in browser without a screen: reads a page's token and sends its forms."""

from typing import Any


def csrf(client: Any, url: str) -> str:
    text = client.get(url).get_data(as_text=True)
    return text.partition('name="csrf-token" content="')[2].partition('"')[0]


def send(
    client: Any, id: int, verb: str, *, version: int = 1, headers: dict[str, str] | None = None, **typed: Any
) -> Any:
    """Presses a button of a deposition's page."""
    data = {"csrf_token": csrf(client, f"/depositions/{id}"), "version": version, **typed}
    return client.post(f"/depositions/{id}/{verb}", data=data, headers=headers)


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))
