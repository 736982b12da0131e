"""The queue: tabs, filters, urgency groups, one page at a time."""

from typing import Any

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.depositions import display
from app.depositions.queries import queue
from app.depositions.views.shared import READERS, args, filters, pages
from app.kernel import clock
from app.kernel.htmx import respond
from app.kernel.transaction import db

TITLES = {
    queue.NEEDS: "Requests that need scheduling",
    queue.STARTING: "Requests that start within 24 hours",
    queue.CANCELLATION: "Sessions to be canceled",
    queue.SCHEDULED: "Scheduled sessions",
    queue.EVERYTHING: "All requests and sessions",
}


@pages.get("", endpoint="list")
@allow(*READERS)
def list_depositions() -> Response:
    """The queue: tabs, filters, urgency groups, one page at a time."""
    now, f, viewer = clock.now(), filters(), me()
    after = request.args.get("after")
    found = queue.page(db(), f, now, after)
    keys = {key for key, _ in found.rows}
    sizes = queue.group_counts(db(), f, now, keys)
    counts = queue.view_counts(db(), f, now)
    shown = [
        (display.GROUPS[key], sizes[key], [display.row(d, key, viewer, now) for group, d in found.rows if group == key])
        for key in dict.fromkeys(group for group, _ in found.rows)
    ]
    total = queue.total(db(), f, now) if f.filtered else counts[f.view]
    return respond(
        "depositions/list.html",
        "depositions/_queue.html",
        title=TITLES[f.view],
        f=f,
        args=args(f),
        stretches=shown,
        shown=len(found.rows),
        first=found.first,
        total=total,
        counts=counts,
        tabs=_tabs(f, counts),
        organizations=queue.organizations(db(), f.reach),
        states=[(state.value, display.STATES[state].word) for state in queue.STATES_OF[f.view]],
        most=queue.MOST_COUNTED,
        next_url=url_for(".list", **args(f), after=found.next_cursor) if found.next_cursor else "",
        why_not=me().why_not(DEPOSITIONS),
    )


def _tabs(f: queue.Filters, counts: dict[str, int]) -> list[dict[str, Any]]:
    urgent = (queue.STARTING, queue.CANCELLATION)
    return [
        {
            "label": label,
            "url": url_for(".list", view=view if view != queue.NEEDS else None),
            "count": counts[view],
            "tone": "danger" if view in urgent and counts[view] else "",
            "current": view == f.view,
        }
        for view, label in queue.VIEWS.items()
    ]
