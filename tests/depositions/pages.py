"""A signed-in browser without a screen: reads a page's token and sends its forms."""

from typing import Any


def csrf(client: Any, url: str) -> str:
    text = client.get(url).get_data(as_text=True)
    return text.partition('name="csrf-token" content="')[2].partition('"')[0]


def send(
    client: Any, id: int, verb: str, *, version: int = 1, headers: dict[str, str] | None = None, **typed: Any
) -> Any:
    """Presses a button of a deposition's page; where it is first shown what leaves, also the button beneath that."""
    data = {"csrf_token": csrf(client, f"/depositions/{id}"), "version": version, **typed}
    if verb not in ("schedule", "cancel"):
        return client.post(f"/depositions/{id}/{verb}", data=data, headers=headers)
    shown = client.post(f"/depositions/{id}/{verb}", data={**data, "step": "preview"}, headers=headers)
    if shown.status_code != 200:
        return shown
    return client.post(f"/depositions/{id}/{verb}", data={**data, "preview": digest(shown)}, headers=headers)


def digest(shown: Any) -> str:
    """What the page that shows what leaves carries to the confirming press."""
    return text(shown).partition('name="preview" value="')[2].partition('"')[0]


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))
