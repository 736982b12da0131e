"""Flask apps for tests. Making one takes longer than most tests, so a worker keeps each and gives it every database."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from werkzeug.utils import cached_property

from app import create_app
from app.config import Config
from app.kernel.api.rate_limits import Limiter
from app.kernel.db.engine import Database
from app.serving import templates
from tests import refusals

_KEPT: dict[tuple[Config, str], tuple[Flask, Limiter]] = {}
"""By configuration, whatever the address of the database, and by what was added to the app."""


class _Compiled(FileSystemBytecodeCache):
    """Templates compiled by this worker, another one or an earlier run, for every app that this worker makes.

    They are kept where the product keeps them, or for this run where Python keeps no compiled modules either.
    """

    def __init__(self) -> None:
        kept = None if sys.dont_write_bytecode else templates.writable()
        folder = kept or Path(tempfile.gettempdir()) / "templates"
        folder.mkdir(exist_ok=True)
        super().__init__(str(folder), "%s.cache")
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])
        else:
            super().load_bytecode(bucket)
            if bucket.code is not None:
                self._kept[bucket.key] = bucket.bytecode_to_string()

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()
        super().dump_bytecode(bucket)


@cache
def _compiled() -> _Compiled:
    return _Compiled()


def made(database: Database) -> Flask:
    """An app of its own on this database. Its templates need not be compiled anew."""
    app = create_app(database.config, database)
    app.jinja_env.bytecode_cache = _compiled()
    return app


def reused(database: Database, added: str = "", add: Callable[[Flask], None] = lambda app: None) -> Flask:
    """The app on this database, with no request counted yet. `add` adds pages for tests, under the name `added`."""
    key = replace(database.config, database_url="sqlite://"), added
    if key not in _KEPT:
        app = made(database)
        add(app)
        refusals.watch(app)
        _KEPT[key] = app, app.extensions["limiter"]
    found, limiter = _KEPT[key]
    limiter.reset()
    limiter.uncounted = 0
    found.extensions.update(database=database, config=database.config, limiter=limiter)
    return found


@contextmanager
def as_before(app: Flask) -> Iterator[Flask]:
    """Takes back what is done to an app and its settings in the meantime: the next test gets the same app."""
    settings, own = dict(app.config), dict(vars(app))
    yield app
    app.config.clear()
    app.config.update(settings)
    for name in vars(app).keys() - own.keys():
        if not isinstance(getattr(type(app), name, None), cached_property):
            delattr(app, name)
    vars(app).update(own)
