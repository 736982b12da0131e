"""Tags on a detail page: what `templates/dashboard/_tags.html` shows and its forms send."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import flash, request

from app.accounts.access import me
from app.dashboard import tags
from app.dashboard.listing import Id
from app.dashboard.queue import AnyQueue
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db


class Tagged(Protocol):
    """A row that can have tags."""

    @property
    def id(self) -> Id: ...
    @property
    def organization_id(self) -> int: ...


@dataclass(frozen=True, slots=True)
class TagPanel:
    """The tags of a row as its page shows them; `known` are more to choose from; `may`: the user may change them."""

    queue: AnyQueue
    id: Id
    tags: Sequence[str]
    known: Sequence[str]
    may: bool


def shown(queue: AnyQueue, session: Db, row: Tagged) -> TagPanel:
    """The panel of a row, which the template reads as `tagged`."""
    found = tags.tags_of(session, queue.subject, [row.id]).get(row.id, ())
    may = me().may(queue.desk, True, row.organization_id)
    return TagPanel(queue, row.id, found, [name for name in queue.tag_names() if name not in found] if may else [], may)


def add(queue: AnyQueue, row: Tagged) -> None:
    """Adds the tag that was typed. The caller has checked that the user may act on the row. Raises Invalid."""
    name = tags.tidy(request.form.get("tag", ""))
    by, now = me().actor(), clock.now()
    if tags.add(db(), queue.subject, row.id, row.organization_id, name, by=by, now=now):
        flash(f"Tagged “{name}”.")
    else:
        flash(f"It has the tag “{name}” already.", "info")


def remove(queue: AnyQueue, row: Tagged) -> None:
    """Removes the tag that was pressed."""
    name = tags.tidy(request.form.get("tag", ""))
    by, now = me().actor(), clock.now()
    if tags.remove(db(), queue.subject, row.id, row.organization_id, name, by=by, now=now):
        flash(f"Tag “{name}” removed.")
