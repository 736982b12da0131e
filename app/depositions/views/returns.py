"""Where a press leads back to: the board, the page of now or of a case that it was made on, or the list.

A form says so in the field `on`, which the confirmation carries on: `board/2026-12-08`, `now`,
`case/marston/Keller v. Ashby`.
"""

from datetime import date

from flask import Response, request, url_for

from app.dashboard import redirects
from app.depositions.views.list import QUEUE
from app.kernel.web.htmx import see_other


def url_of(on: str, id: int) -> str:
    """The address of the page that `on` names, at a deposition; empty for none."""
    page, _, day = on.partition("/")
    if page == "now":
        return url_for("depositions.now_page")
    if page == "case":
        organization, _, case = day.partition("/")
        return url_for("depositions.case", organization=organization, case=case) if organization and case else ""
    if page == "board":
        try:
            return url_for("depositions.board", day=date.fromisoformat(day).isoformat(), _anchor=f"session-{id}")
        except ValueError:
            return ""
    return ""


def back(id: int) -> Response:
    """Redirects after a press."""
    url = url_of(request.form.get("on", ""), id)
    return see_other(url) if url else redirects.back(QUEUE, id)
