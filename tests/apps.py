"""Flask apps for tests. Making one takes longer than most tests, so a worker keeps each and gives it every database."""

from collections.abc import Callable
from dataclasses import replace

from flask import Flask

from app import create_app
from app.config import Config
from app.kernel.api.rate_limits import Limiter
from app.kernel.db.engine import Database

_KEPT: dict[tuple[Config, str], Flask] = {}
"""By configuration, whatever the address of the database, and by what was added to the app."""


def reused(database: Database, added: str = "", add: Callable[[Flask], None] = lambda app: None) -> Flask:
    """The app on this database, with no request counted yet. `add` adds pages for tests, under the name `added`."""
    key = replace(database.config, database_url="sqlite://"), added
    if key not in _KEPT:
        _KEPT[key] = create_app(database.config, database)
        add(_KEPT[key])
    found = _KEPT[key]
    found.extensions.update(database=database, config=database.config, limiter=Limiter(database.config))
    return found
