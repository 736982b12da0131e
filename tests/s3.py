"""An S3 server in the tests' own process, and stores of both kinds."""

import os
import urllib.request
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of its bucket "evidence", with the variables that lead there."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/evidence", method="PUT"), timeout=10)
    before = dict(os.environ)
    os.environ.update(AWS_ENDPOINT_URL=f"http://{host}:{port}", AWS_REGION="us-east-1")
    os.environ.update(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret")
    yield f"http://{host}:{port}/evidence"
    os.environ.clear()
    os.environ.update(before)
    server.stop()
