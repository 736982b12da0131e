"""Health checks and metrics, for the machines of an operator."""

import time
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from sqlalchemy import func, select

from app.accounts.access import public
from app.kernel import clock
from app.kernel.db.transaction import database, reading
from app.kernel.outbox.outbox import DEAD, QUEUED, OutboxRow
from app.logs import SINK

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
    """The metrics of this process; queue depths come from the database and are the same in every process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "desk_requests_total", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram("desk_request_seconds", "Seconds to answer", ("route",), registry=self.registry)
        self.queued = Gauge("desk_outbox_queued", "Messages not delivered yet", registry=self.registry)
        self.dead = Gauge("desk_outbox_dead", "Failed messages", registry=self.registry)
        self.oldest = Gauge(
            "desk_outbox_oldest_seconds", "Age of the oldest message due and not delivered", registry=self.registry
        )

        self.refused = Gauge(
            "desk_writes_refused", "1 while the database takes no writes (full, read-only)", registry=self.registry
        )
        self.registry.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counts that are kept where they happen, because nothing may fail there."""
        uncounted = current_app.extensions["limiter"].uncounted
        yield CounterMetricFamily("desk_rate_limits_uncounted", "Hits that could not be counted", value=uncounted)
        yield CounterMetricFamily("desk_log_lines_dropped", "Log lines that could not be written", value=SINK.dropped)

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Nothing beforehand: the registry would call `collect`."""
        return iter(())

    def count(self, response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        self.requests.labels(route, request.method, response.status_code).inc()
        self.seconds.labels(route).observe(time.perf_counter() - g.get("started", time.perf_counter()))
        return response


@pages.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus text. Keep it inside: deploy/nginx does not pass it on."""
    found: Metrics = current_app.extensions["metrics"]
    db, now = reading(), clock.now()
    found.queued.set(db.execute(select(func.count()).where(OutboxRow.state == QUEUED)).scalar_one())
    found.dead.set(db.execute(select(func.count()).where(OutboxRow.state == DEAD)).scalar_one())
    overdue = select(func.min(OutboxRow.due_at)).where(OutboxRow.state == QUEUED, OutboxRow.due_at <= now)
    oldest = db.execute(overdue).scalar_one()
    found.oldest.set((now - oldest).total_seconds() if oldest else 0)
    found.refused.set(database().write_fault is not None)
    return Response(generate_latest(found.registry), content_type="text/plain; version=0.0.4; charset=utf-8")


def install(app: Flask) -> None:
    app.extensions["metrics"] = Metrics()
    app.after_request(app.extensions["metrics"].count)
    app.register_blueprint(pages)
