"""Tests of a worker share one app: what one does to it must not meet the next one."""

from collections.abc import Iterable
from typing import Any

from flask import Flask

from tests import apps


def test_what_a_test_does_to_the_app_goes_with_it() -> None:
    app = Flask(__name__)
    app.config["TESTING"] = True
    name, answer = app.name, app.wsgi_app

    def broken(environ: Any, start: Any) -> Iterable[bytes]:
        raise AssertionError

    with apps.as_before(app):
        app.config.update(TESTING=False, ADDED=1)
        app.wsgi_app = broken  # type: ignore[method-assign]  # as a test puts a slow server before the app
        app.name = "another"
        pages = app.jinja_env
    assert (app.config["TESTING"], app.name, app.wsgi_app) == (True, name, answer)
    assert "ADDED" not in app.config
    assert app.jinja_env is pages, "What Flask made when it was first asked for stays."
