"""A worker in a process of its own, to be killed: `python -m tests.faults.victim <seconds of lease> [planted bug]`.

With the planted bug it does what nobody may do: it says "sent" first and sends afterwards.
"""

import signal
import sys
import threading
import time
from dataclasses import replace
from functools import partial

from app.config import Config
from app.kernel import clock
from app.kernel.outbox import claims, webhooks
from app.kernel.outbox.claims import Claimed, Outcome
from app.kernel.outbox.outbox import SENT
from app.wiring import wire
from app.worker import Worker


class MarksFirst(Worker):
    """The planted bug."""

    def _deliver(self, row: Claimed) -> None:
        started = clock.now()
        self._finish(row, Outcome(SENT, ""), started)
        time.sleep(0.02)
        claims.attempt(self.database, row, started, self.handlers, {})
        with self._changed:
            del self._in_flight[row]
            self._claim_at = 0.0
            self._changed.notify()


def main() -> None:
    lease, planted = float(sys.argv[1]), len(sys.argv) > 2
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    kind = MarksFirst if planted else Worker
    wiring = wire(Config.from_env())
    signed = partial(webhooks.deliver, signing_key=lambda _db, _organization_id: "k" * 40)
    kind(replace(wiring, sweeps=(), handlers={**wiring.handlers, "webhook": signed}), lease=lease).run(stop)


if __name__ == "__main__":
    main()
