"""`desk serve` while clients never finish what they send."""

from collections.abc import Callable

from tests.servers import Server
from tests.serving.sockets import connect, get, head


def test_bodies_that_never_arrive_stop_nobody(serve: Callable[..., Server]) -> None:
    server = serve(workers=1)
    half = head("POST", "/sign-in", "Content-Length: 100000") + b"abc"
    waiting = [connect(server.port, half) for _ in range(12)]
    assert get(server.port, "/sign-in")[0] == 200
    assert get(server.port, "/health/ready")[0] == 200
    for client in waiting:
        client.close()
