"""Tags on a detail page: what `templates/desk/_tags.html` shows and its forms send."""

from typing import Any

from flask import flash, request

from app.accounts.access import me
from app.dashboard import tags
from app.dashboard.queue import Queue
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db


def shown(room: Queue, session: Db, row: Any) -> dict[str, Any]:
    """What `desk/_tags.html` reads as `tagged`: the tags worn, those in use, whether this person may change them."""
    worn = tags.of(session, room.subject, [row.id]).get(row.id, ())
    may = me().may(room.desk, True, row.organization_id)
    return {
        "room": room,
        "worn": worn,
        "known": [name for name in room.tag_names() if name not in worn] if may else [],
        "may": may,
    }


def add(room: Queue, row: Any) -> None:
    """Puts on the tag that was typed. The caller has checked that this person may act on the row. Raises Invalid."""
    name = tags.tidy(request.form.get("tag", ""))
    by, now = me().actor(), clock.now()
    if tags.add(db(), room.subject, row.id, row.organization_id, name, by=by, now=now):
        flash(f"Tagged “{name}”.")
    else:
        flash(f"It has the tag “{name}” already.", "info")


def remove(room: Queue, row: Any) -> None:
    """Takes off the tag that was pressed."""
    name = tags.tidy(request.form.get("tag", ""))
    by, now = me().actor(), clock.now()
    if tags.remove(db(), room.subject, row.id, row.organization_id, name, by=by, now=now):
        flash(f"The tag “{name}” is off.")
