"""The collaborators that web processes, workers, commands and tests share, put together by one function.

Nothing registers itself: what a process can deliver, carry out or sweep stands here and in the desks' declarations.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from app.accounts import api_auth
from app.accounts import jobs as accounts
from app.config import Config
from app.dashboard import tags
from app.dashboard.desk import Desk
from app.dashboard.documents import jobs as documents
from app.dashboard.subjects import Subjects
from app.dashboard.undo import jobs as undo
from app.dashboard.undo.actions import Finalizer
from app.desks import BACKFILLS, DESKS, SUBJECTS
from app.housekeeping import Backfills, ClockSteps, housekeeping
from app.kernel.api.rate_limits import Limiter
from app.kernel.db.engine import Database
from app.kernel.outbox import email, sms, webhooks
from app.kernel.outbox.outbox import Handler, Receipts
from app.kernel.outbox.webhooks import SigningKey

Value = TypeVar("Value")

Sweep = Callable[[Database, datetime], bool]
"""Does what is due by now. Returns whether it found work, so that it is asked again at once."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a process works with."""

    config: Config
    database: Database
    limiter: Limiter
    desks: tuple[Desk, ...]
    subjects: Subjects
    signing_key: SigningKey
    handlers: Mapping[str, Handler]
    """Who delivers each channel of the outbox."""
    receipts: Mapping[str, Receipts]
    """What items of a subject type keep of the results of their messages."""
    finalizers: Mapping[str, Finalizer]
    """Who carries out the pending decisions about each type of thing."""
    sweeps: tuple[Sweep, ...]
    """What the worker does beside its deliveries."""


def wire(config: Config, database: Database | None = None) -> Wiring:
    """Returns the collaborators of one process. Tests hand in their database."""
    finalizers = _merged(desk.finalizers for desk in DESKS)
    own_channels: dict[str, Handler] = {
        "email": email.deliver,
        "sms": sms.deliver,
        "webhook": partial(webhooks.deliver, signing_key=api_auth.signing_key),
    }
    limiter = Limiter(config)
    return Wiring(
        config=config,
        database=database or Database(config),
        limiter=limiter,
        desks=DESKS,
        subjects=SUBJECTS,
        signing_key=api_auth.signing_key,
        handlers=_merged(
            [
                own_channels,
                accounts.HANDLERS,
                documents.handlers([kind for desk in DESKS for kind in desk.documents]),
                *(desk.handlers for desk in DESKS),
            ]
        ),
        receipts={desk.subject: desk.receipts for desk in DESKS if desk.receipts},
        finalizers=finalizers,
        sweeps=(
            ClockSteps(),
            *housekeeping(limiter, [documents.tidy, tags.forget_unused, *(desk.tidy for desk in DESKS if desk.tidy)]),
            Backfills(BACKFILLS),
            accounts.Tidy(),
            partial(undo.sweep, finalizers=finalizers),
            *(make() for desk in DESKS for make in desk.sweeps),
        ),
    )


def _merged(tables: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    """All entries of the tables. Raises ValueError when two claim one key."""
    found: dict[str, Value] = {}
    for table in tables:
        for key, value in table.items():
            if key in found:
                raise ValueError(f"Two parts of the app claim {key}.")
            found[key] = value
    return found
