"""One act on several ticked messages: send again, dismiss, restore. The answer names those left alone, with reasons."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.accounts.access import Me
from app.accounts.scope import Scope
from app.dashboard.bulk import MOST, NOTHING_TICKED
from app.dashboard.desk import receipts
from app.dashboard.subjects import Subjects
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, Denied, Invalid
from app.kernel.outbox import delivery_status
from app.kernel.outbox.delivery_status import ListedMessage
from app.kernel.text.template_filters import pluralize
from app.messages import actions, queries, rules
from app.messages.veiled import veiled


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done to ticked messages."""

    name: str
    label: str
    icon: str
    done: str
    """What the answer says of the messages it was done to."""
    run: Callable[..., None]


def _send_again(db: Db, id: UUID, **facts: Any) -> None:  # those of the action
    actions.send_again(db, id, receipts=receipts(), **facts)


SEND_AGAIN = Act("send_again", "Send again", "send", "queued again", _send_again)
DISMISS = Act("dismiss", "Dismiss", "eye-off", "dismissed", actions.dismiss)
RESTORE = Act("restore", "Restore", "undo-2", "restored", actions.restore)

ACTS = {
    **{act.name: act for act in (SEND_AGAIN, DISMISS, RESTORE)},
    # As pages of earlier versions send them, which may still be open.
    "set_aside": DISMISS,
    "put_back": RESTORE,
}

_TICKED = re.compile(r"([0-9a-f-]{36}):([a-z]{1,10}-[0-9]{1,6}-[0-9]{1,6})")


def act(
    db: Db, user: Me, scopes: Mapping[str, Scope], subjects: Subjects, name: str, ticked: list[str]
) -> tuple[str, bool]:
    """Acts on the ticked messages that have not changed since they were on screen.

    Returns the sentence for the user, and whether all were done. Raises Denied for a user who may only look, Invalid
    when nothing can be done to any.
    """
    if not any(user.may(desk) for desk in scopes):
        raise Denied("You can look at these messages, but not send them. Nothing was changed.")
    if name not in ACTS:
        raise Invalid("Choose what to do with the selected messages. Nothing was changed.", code="bulk.act")
    chosen, seen = ACTS[name], _read(ticked)
    listed = queries.messages(db, scopes, subjects, seen).values()
    found = {row.id: row for row in veiled(db, user, listed, clock.now())}
    done, left = 0, []
    # Always in one order, so that two users who tick the same messages wait for each other instead of blocking.
    for id in sorted(seen):
        row = found.get(id)
        if row is None:
            left.append(("one", "it is not here any more"))
            continue
        why = _why_not(user, subjects, row, seen[id])
        if not why:
            try:
                chosen.run(db, id, by=user.actor(), now=clock.now(), seen=seen[id])
                done += 1
                continue
            except Conflict as refusal:
                why = refusal.detail
        left.append((row.summary, why.rstrip(".")))
    return _sentence(done, chosen.done, left), not left


def _read(ticked: list[str]) -> dict[UUID, str]:
    """The state token of each ticked id. Raises Invalid."""
    found = {}
    for value in ticked:
        match = _TICKED.fullmatch(value)
        try:
            found[UUID(match[1] if match else "")] = match[2] if match else ""
        except ValueError:
            raise Invalid("A selected row could not be read. Nothing was changed. Reload the page.") from None
    if not found:
        raise Invalid(NOTHING_TICKED, code="bulk.nothing")
    if len(found) > MOST:
        raise Invalid(f"At most {MOST} rows at once. Nothing was changed.", code="bulk.many")
    return found


def _why_not(user: Me, subjects: Subjects, row: ListedMessage, seen: str) -> str:
    if not user.may(subjects.desk_of(row.subject_type), True, row.organization_id):
        return "you may only look at it"
    if delivery_status.state_token(row) != seen:
        return f"it has changed meanwhile: {rules.STATUSES[delivery_status.status_of(row)].word.lower()}"
    return ""


def _sentence(done: int, verb: str, left: list[tuple[str, str]]) -> str:
    """`3 queued again. 1 was left alone: it has changed meanwhile: sent.`"""
    text = f"{done:,} {verb}." if done else f"None {verb}."
    if not left:
        return text
    if len(left) == 1:
        return f"{text} 1 was left alone: {left[0][1]}."
    named = "; ".join(f"{summary}, {why}" for summary, why in left[:10])
    more = f"; and {pluralize(len(left) - 10, 'more', 'more')}" if len(left) > 10 else ""
    return f"{text} {len(left):,} were left alone: {named}{more}."
