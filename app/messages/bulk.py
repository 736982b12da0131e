"""What is done to several ticked messages at once: send again, set aside, put back. The others are named, with why."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from app.accounts.access import Me
from app.accounts.scope import Scope
from app.dashboard.bulk import MOST, NOTHING_TICKED
from app.kernel.clock import now as moment
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, Denied, Invalid
from app.kernel.outbox import outbox
from app.kernel.text.template_filters import pluralize
from app.messages import actions, queries, rules

ACTS: dict[str, tuple[str, Callable[..., None]]] = {
    "send_again": ("on the way again", actions.send_again),
    "set_aside": ("set aside", actions.set_aside),
    "put_back": ("put back", actions.put_back),
}
"""What can be pressed: what is said of the messages it was done to, and what does it."""

_TICKED = re.compile(r"([0-9a-f-]{36}):([a-z]{1,10}-[0-9]{1,6}-[0-9]{1,6})")


def act(db: Db, person: Me, scopes: Mapping[str, Scope], pressed: str, ticked: list[str]) -> tuple[str, bool]:
    """Does it to the messages that still stand as they did on screen.

    Returns what to tell, and whether all were done. Raises Denied for who only looks, Invalid when nothing can be done
    to any.
    """
    if not any(person.may(desk) for desk in scopes):
        raise Denied("You can look at these messages, but not send them. Nothing was changed.")
    if pressed not in ACTS:
        raise Invalid("Choose what to do with the ticked messages. Nothing was changed.", code="bulk.act")
    words, do = ACTS[pressed]
    seen = _read(ticked)
    found = queries.some(db, scopes, seen)
    done, left = 0, []
    # Always in one order, so that two people who tick the same messages wait for each other instead of blocking.
    for id in sorted(seen):
        row = found.get(id)
        if row is None:
            left.append(("one", "it is not here any more"))
            continue
        why = _why_not(person, row, seen[id])
        if not why:
            try:
                do(db, id, by=person.actor(), now=moment(), seen=seen[id])
                done += 1
                continue
            except Conflict as refusal:
                why = refusal.detail
        left.append((row.summary, why.rstrip(".")))
    return _said(done, words, left), not left


def _read(ticked: list[str]) -> dict[UUID, str]:
    """Each ticked id with how its message stood on screen. Raises Invalid."""
    found = {}
    for word in ticked:
        match = _TICKED.fullmatch(word)
        try:
            found[UUID(match[1] if match else "")] = match[2] if match else ""
        except ValueError:
            raise Invalid("A ticked row could not be read. Load the page again; nothing was changed.") from None
    if not found:
        raise Invalid(NOTHING_TICKED, code="bulk.nothing")
    if len(found) > MOST:
        raise Invalid(f"At most {MOST} rows at once. Nothing was changed.", code="bulk.many")
    return found


def _why_not(person: Me, row: Any, seen: str) -> str:
    if not person.may(rules.desk_of(row.subject_type), True, row.organization_id):
        return "you may only look at it"
    if outbox.state_token(row) != seen:
        return f"it has moved on meanwhile: {rules.STANDINGS[outbox.status_of(row)][0].lower()}"
    return ""


def _said(done: int, words: str, left: list[tuple[str, str]]) -> str:
    """`3 on the way again. 1 was left alone: it has moved on meanwhile: sent.`"""
    said = f"{done:,} {words}." if done else f"None {words}."
    if not left:
        return said
    if len(left) == 1:
        return f"{said} 1 was left alone: {left[0][1]}."
    named = "; ".join(f"{name}, {why}" for name, why in left[:10])
    more = f"; and {pluralize(len(left) - 10, 'more', 'more')}" if len(left) > 10 else ""
    return f"{said} {len(left):,} were left alone: {named}{more}."
