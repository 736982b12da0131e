"""Health checks and metrics, for the machines of an operator."""

import os
import time
from collections.abc import Iterator
from threading import Lock

from flask import Blueprint, Flask, Response, current_app
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from app.accounts.access import public
from app.dashboard.documents import queries as documents
from app.kernel import clock
from app.kernel.api.rate_limits import Limiter
from app.kernel.current import notes, the_request
from app.kernel.db.transaction import database, reading
from app.kernel.outbox.outbox import DEAD, QUEUED, OutboxRow
from app.logs import METHODS, SINK

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The name under which the library looks for the folder of all processes' counts; `desk serve` sets it."""

pages = Blueprint("health", __name__)


@pages.get("/health/live")
@public
def live() -> dict[str, str]:
    """This process answers."""
    return {"status": "alive"}


@pages.get("/health/ready")
@public
def ready() -> dict[str, str]:
    """This process answers and so does its database; otherwise the error handler makes it a 503.

    It is ready too while it can only read, and then says why.
    """
    reading().execute(select(1)).scalar_one()
    fault = database().write_fault
    return {"status": "ready"} | ({"writes": f"refused: {fault.name}"} if fault else {})


class Metrics:
    """Counts of all web processes together, with those that have died; what the database says is the same in each.

    `desk serve` names a folder of shared memory in which every process keeps its counts (app/serving). Without one, in
    tests and development servers, they stay in this process.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "desk_requests_total", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram("desk_request_seconds", "Seconds to answer", ("route",), registry=self.registry)
        self.uncounted = Counter("desk_rate_limits_uncounted", "Hits that could not be counted", registry=self.registry)
        self.dropped = Counter("desk_log_lines_dropped", "Log lines that could not be written", registry=self.registry)
        self._taken_over = {self.uncounted: 0, self.dropped: 0}
        self._kept: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        """The counters of a route, which the library looks up by their labels for longer than it counts."""
        self._taking_over = Lock()
        folder = os.environ.get(FOLDER)
        self.of_all = self.registry
        if folder:
            self.of_all = CollectorRegistry()
            MultiProcessCollector(self.of_all, folder)  # type: ignore[no-untyped-call]  # prometheus_client

    def take_over(self, limiter: Limiter) -> None:
        """Adds the counts that are kept where they happen, because nothing may fail there."""
        if self._taken_over == {self.uncounted: limiter.uncounted, self.dropped: SINK.dropped}:
            return
        with self._taking_over:
            for counter, now in ((self.uncounted, limiter.uncounted), (self.dropped, SINK.dropped)):
                before, self._taken_over[counter] = self._taken_over[counter], now
                counter.inc(now - before if now >= before else now)

    def count(self, response: Response) -> Response:
        request, now = the_request(), time.perf_counter()
        route = request.url_rule.rule if request.url_rule else "none"
        key = route, request.method if request.method in METHODS else "other", response.status_code
        if key not in self._kept:
            self._kept[key] = self.requests.labels(*key), self.seconds.labels(route)
        requests, seconds = self._kept[key]
        requests.inc()
        seconds.observe(now - notes().get("started", now))
        self.take_over(current_app.extensions["limiter"])
        return response


def _measured() -> Iterator[tuple[str, str, float]]:
    """Name, description and value of what is measured when it is asked for."""
    db, now = reading(), clock.now()

    def waiting(state: str) -> int:
        return int(db.execute(select(func.count()).where(OutboxRow.state == state)).scalar_one())

    yield "desk_outbox_queued", "Messages not delivered yet", waiting(QUEUED)
    yield "desk_outbox_dead", "Failed messages", waiting(DEAD)
    overdue = select(func.min(OutboxRow.due_at)).where(OutboxRow.state == QUEUED, OutboxRow.due_at <= now)
    oldest = db.execute(overdue).scalar_one()
    age = (now - oldest).total_seconds() if oldest else 0
    yield "desk_outbox_oldest_seconds", "Age of the oldest message due and not delivered", age
    refused = database().write_fault is not None
    yield "desk_writes_refused", "1 while the database takes no writes (full, read-only)", refused
    yield from documents.measures(db, now)
    for desk in current_app.extensions["desks"]:
        if desk.measures is not None:
            yield from desk.measures(db, now)


class _Measured(Collector):
    """What is measured when it is asked for. A gauge of the library would keep its value in the folder of all processes
    and say there for good what it said last."""

    def collect(self) -> Iterator[Metric]:
        for name, description, value in _measured():
            yield GaugeMetricFamily(name, description, value)


@pages.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus text. Keep it inside: deploy/nginx does not pass it on."""
    found: Metrics = current_app.extensions["metrics"]
    found.take_over(current_app.extensions["limiter"])
    text = generate_latest(found.of_all) + generate_latest(_Measured())
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def install(app: Flask) -> None:
    app.extensions["metrics"] = Metrics()
    app.after_request(app.extensions["metrics"].count)
    app.register_blueprint(pages)
