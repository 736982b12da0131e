"""The site of every part, asked in memory and served to a browser."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from tests.design.site import make


@pytest.fixture(scope="session")
def site() -> Flask:
    return make()


@pytest.fixture
def visitor(site: Flask) -> FlaskClient:
    return site.test_client()


@pytest.fixture(scope="session")
def address(site: Flask) -> Iterator[str]:
    """The address of the site, served on a free port."""
    server = make_server("localhost", 0, site, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()
