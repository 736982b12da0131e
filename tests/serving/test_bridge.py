"""Between granian and the app: no client holds a thread, and the app sees whole requests only.

The server is the real one around a small site with short deadlines (small_site.py), with one thread, which is the event
loop's, as on SQLite, and with three, as on PostgreSQL.
"""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.serving.small_site import LARGEST, PIECE, PIECES
from tests.serving.sockets import SmallSite, answer, ask, connect, get, head, small_site

CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module", params=(1, 3), ids=("one-thread", "three-threads"))
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallSite]:
    with small_site(tmp_path_factory.mktemp("site"), threads=request.param) as running:
        yield running


def echoed(port: int, data: bytes) -> dict[str, object]:
    status, body = ask(port, data)
    assert status == 200
    found: dict[str, object] = json.loads(body)
    return found


def test_slow_bodies_hold_nobody_up_and_end_at_the_deadline(site: SmallSite) -> None:
    measured = connect_many(site, head("POST", "/echo/a", "Content-Length: 100000") + b"abc")
    chunked = connect_many(site, head("POST", "/echo/a", CHUNKED) + b"3\r\nabc\r\n")
    assert get(site.port, "/who")[0] == 200
    for client in [*measured, *chunked]:
        assert answer(client).startswith(b"HTTP/1.1 408 ")
        client.close()


def connect_many(site: SmallSite, data: bytes) -> list[socket.socket]:
    return [connect(site.port, data) for _ in range(20)]


def test_a_body_that_never_stops_dripping_ends_at_the_deadline_too(site: SmallSite) -> None:
    with connect(site.port, head("POST", "/echo/a", CHUNKED)) as client:
        client.settimeout(0.05)
        for _ in range(200):
            client.sendall(b"1\r\na\r\n")
            try:
                assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
                return
            except TimeoutError:
                continue
    raise AssertionError("It was read for ever.")


def test_a_client_that_reads_slowly_holds_nobody_up_and_gets_everything(site: SmallSite) -> None:
    readers = [connect(site.port, head("GET", "/large"), receive_buffer=4096) for _ in range(6)]
    with connect(site.port, head("GET", "/large", "Connection: close")) as client:
        top, _, body = answer(client).partition(b"\r\n\r\n")
    assert f"content-length: {len(PIECE) * PIECES}".encode() in top
    assert body == PIECE * PIECES
    for client in readers:
        client.close()


def test_whole_bodies_arrive_measured_and_in_chunks(site: SmallSite) -> None:
    assert echoed(site.port, head("POST", "/echo/a", "Content-Length: 3") + b"abc")["body"] == "abc"
    assert echoed(site.port, head("POST", "/echo/a", "Content-Length: 0"))["body"] == ""
    assert echoed(site.port, head("POST", "/echo/a"))["body"] == ""
    both = head("POST", "/echo/a", "Content-Length: 3", "Content-Length: 3") + b"abc"
    assert echoed(site.port, both)["body"] == "abc"
    chunks = head("POST", "/echo/a", CHUNKED) + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert echoed(site.port, chunks)["body"] == "abcde"


def test_a_header_that_is_not_ascii_is_there_and_unreadable(site: SmallSite) -> None:
    """Left out, an Idempotency-Key would count as not sent, and the retry would do everything again."""
    data = head("GET", "/echo/a", "X-One: PLACE", "X-Two: two").replace(b"PLACE", b"k\xe9\xff")
    found = echoed(site.port, data)
    assert (found["X-One"], found["X-Two"]) == ("\xbf", "two")


def test_what_broke_off_is_never_acted_on(site: SmallSite) -> None:
    for broken in (b"3\r\nabc\r\nzz\r\n", b"3\r\nab"):
        with connect(site.port, head("POST", "/echo/a", CHUNKED) + broken) as client:
            if broken.endswith(b"ab"):
                client.shutdown(1)
            assert answer(client)[:13] in (b"", b"HTTP/1.1 400 ")
    with connect(site.port, head("POST", "/echo/a", "Content-Length: 9") + b"abc") as client:
        client.shutdown(1)
        assert answer(client)[:13] in (b"", b"HTTP/1.1 400 ")
    assert get(site.port, "/who")[0] == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_read(site: SmallSite) -> None:
    announced = head("POST", "/echo/a", f"Content-Length: {LARGEST + 1}", "Expect: 100-continue")
    with connect(site.port, announced) as client:
        assert answer(client).startswith(b"HTTP/1.1 413 ")
    in_chunks = b"%x\r\n" % (LARGEST + 1) + b"a" * (LARGEST + 1) + b"\r\n"
    with connect(site.port, head("POST", "/echo/a", CHUNKED) + in_chunks) as client:
        assert client.recv(13) == b"HTTP/1.1 413 "


def test_bodies_share_a_memory_that_small_ones_and_reads_do_not_need(site: SmallSite) -> None:
    large = head("POST", "/echo/a", f"Content-Length: {LARGEST}") + b"a" * (LARGEST - 1)
    waiting = [connect(site.port, large) for _ in range(4)]
    statuses = sorted(answer(client)[:13] for client in waiting)
    assert statuses == [b"HTTP/1.1 408 ", b"HTTP/1.1 408 ", b"HTTP/1.1 503 ", b"HTTP/1.1 503 "]
    for client in waiting:
        client.close()
    assert echoed(site.port, large + b"a")["rest"] == "a"


def test_a_body_that_waits_to_be_asked_for_is_asked_for(site: SmallSite) -> None:
    with connect(site.port, head("POST", "/echo/a", "Content-Length: 3", "Expect: 100-continue")) as client:
        assert client.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert b'"body":"abc"' in client.recv(4096)


def test_a_connection_carries_many_requests_in_order(site: SmallSite) -> None:
    with connect(site.port, head("GET", "/echo/1") + head("GET", "/echo/2")) as client:
        client.sendall(
            head("POST", "/echo/3", "Content-Length: 1") + b"x" + head("GET", "/echo/4", "Connection: close")
        )
        whole = answer(client)
    assert [whole.index(b'"rest":"%d"' % n) for n in range(1, 5)] == sorted(
        whole.index(b'"rest":"%d"' % n) for n in range(1, 5)
    )


def test_the_head_arrives_as_it_was_sent(site: SmallSite) -> None:
    lines = ("X-One: a", "X_One: forged", "X-Two: b", "X-Two: c", "Cookie: d=1", "Cookie: e=2")
    found = echoed(site.port, head("GET", "/echo/%C3%A9%2F%F0%9F%A6%89?x", *lines))
    assert found["rest"] == "é/🦉"
    assert (found["X-One"], found["X-Two"], found["Cookie"]) == ("a", "b,c", "d=1; e=2")
    assert found["host"] == "localhost"


def test_a_slow_head_and_an_idle_connection_are_closed(site: SmallSite) -> None:
    with connect(site.port, b"GET /who HTTP/1.1\r\nHost:") as slow, connect(site.port, head("GET", "/who")) as idle:
        assert answer(slow) == b""
        assert answer(idle).startswith(b"HTTP/1.1 200 ")


def test_an_answer_that_breaks_at_the_api_becomes_a_problem_document(site: SmallSite) -> None:
    """Without the app. It does not say that nothing was done: the app may have committed before."""
    with connect(site.port, head("GET", "/api/breaks", "Connection: close")) as client:
        top, _, body = answer(client).partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert (problem["status"], problem["code"], problem["title"]) == (503, "unavailable", "Service Unavailable")
    assert problem.keys() == {"type", "title", "status", "detail", "code", "request_id"}
    assert "othing was done" not in problem["detail"]
    assert b"application/problem+json" in top
    assert b"retry-after: 5" in top.lower()


def test_an_answer_that_breaks_is_not_sent_in_part(site: SmallSite) -> None:
    status, body = get(site.port, "/breaks")
    assert status == 503
    assert b"planted" not in body
    site.wait_for_log("answer broke")
    assert get(site.port, "/who")[0] == 200
