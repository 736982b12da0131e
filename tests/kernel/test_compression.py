"""Compressed pages: for browsers that take them, and nothing else of what the app sends."""

import gzip

import pytest

LATER_PAGE = 15_000
"""Bytes, compressed, of a page whose static files the browser has (quality 1, page weight)."""


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip, deflate, br, zstd", True),
        ("br, *;q=0.1", True),
        ("br, gzip;q=0", False),
        ("br", False),
        ("", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_a_page_is_sent_as_the_browser_takes_it(client, cast, accepted, compressed):
    answer = cast.sign_in(client, "ines").get("/depositions", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == ("gzip" if compressed else None)
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert int(answer.headers["Content-Length"]) == len(answer.data) < (LATER_PAGE if compressed else 100_000)
    page = gzip.decompress(answer.data) if compressed else answer.data
    assert page.rstrip().endswith(b"</html>")


def test_a_refusal_and_a_head_are_whole(client, cast):
    headers = {"Accept-Encoding": "gzip"}
    assert b"</html>" in gzip.decompress(client.get("/nowhere", headers=headers).data)
    answer = cast.sign_in(client, "ines").head("/depositions", headers=headers)
    assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize("url", ["/depositions/csv", "/api/v1/session_requests", "/health/live"])
def test_other_answers_are_sent_as_they_are(client, cast, url):
    headers = {"Accept-Encoding": "br, gzip"}
    if url.startswith("/api"):
        headers |= cast.headers("depositions")
    else:
        cast.sign_in(client, "ines")
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
