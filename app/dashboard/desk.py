"""A desk as the rest of the app knows it. Each desk package declares one in its `desk.py`; app/desks.py lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.dashboard.undo.actions import Finalizer
from app.kernel.outbox.outbox import Handler
from app.kernel.text.search import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What app, worker, commands, home, search, audit and messages need of one desk."""

    name: str
    """Its package, its blueprint, its address, and its name in app/accounts/roles.py."""
    subject: str
    """What its things are called in events, messages, search and undo."""
    search_source: Source
    """All its things, for checking and rebuilding the search index."""
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    """Who delivers its own channels (jobs) of the outbox."""
    finalizers: Mapping[str, Finalizer] = field(default_factory=dict)
    """Who carries out its pending decisions."""
