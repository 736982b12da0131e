"""Where a press leads back to: the board, the page of now or of a case that it was made on, or the list.

A form says so in the field `on`, which the confirmation carries on: `board/2026-12-08?manager=me`, `now`,
`case/marston/Keller v. Ashby`.
"""

from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl, urlencode

from flask import Response, request, url_for

from app.dashboard import redirects
from app.depositions.views.list import QUEUE
from app.kernel.web.arguments import Arguments
from app.kernel.web.htmx import see_other

OF_BOARD = ("manager", "zone", "case", "flag", "from")
"""The arguments of the board that are kept: its filters, and the first hour that it shows."""


def on_board(day: date, args: Mapping[str, str]) -> str:
    """The board of a day with its filters, as `on` names it."""
    kept = {name: text for name, text in args.items() if name in OF_BOARD}
    return f"board/{day}" + (f"?{urlencode(kept)}" if kept else "")


def url_of(on: str, id: int) -> str:
    """The address of the page that `on` names, at a deposition; empty for none."""
    page, _, day = on.partition("/")
    if page == "now":
        return url_for("depositions.now_page")
    if page == "case":
        organization, _, case = day.partition("/")
        return url_for("depositions.case", organization=organization, case=case) if organization and case else ""
    if page == "board":
        day, _, query = day.partition("?")
        try:
            kept: Arguments = {name: text for name, text in parse_qsl(query, max_num_fields=20) if name in OF_BOARD}
            day = date.fromisoformat(day).isoformat()
        except ValueError:
            return ""
        return url_for("depositions.board", day=day, **kept, _anchor=f"session-{id}")
    return ""


def back(id: int) -> Response:
    """Redirects after a press."""
    url = url_of(request.form.get("on", ""), id)
    return see_other(url) if url else redirects.back(QUEUE, id)
