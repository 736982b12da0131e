"""The clock in tests."""

from datetime import datetime, timedelta

from time_machine import Traveller

from app.kernel import clock


class Clock:
    """Moves the time that everything in this process sees; it goes on ticking."""

    def __init__(self, traveller: Traveller) -> None:
        self._traveller = traveller

    def now(self) -> datetime:
        return clock.now()

    def move(self, **amount: float) -> datetime:
        """Forward or back: `clock.move(hours=1)`. Returns the new now."""
        self._traveller.shift(timedelta(**amount))
        return clock.now()

    def set(self, moment: datetime) -> datetime:
        """To this moment. Returns the new now."""
        self._traveller.move_to(moment)
        return clock.now()
