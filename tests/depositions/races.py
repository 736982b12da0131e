"""Callers at once, in real threads, each in its own transaction."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from app.kernel.db.engine import Database, Db
from app.kernel.errors import Refusal


def race(database: Database, callers: Sequence[Callable[[Db], Any]]) -> list[Any]:
    """What each caller got, in their order: its return value or its Refusal."""
    gate = threading.Barrier(len(callers))
    got: list[Any] = [None] * len(callers)

    def run(place: int, caller: Callable[[Db], Any]) -> None:
        gate.wait(10)
        try:
            with database.write() as db:
                got[place] = caller(db)
        except Refusal as refusal:
            got[place] = refusal
        except BaseException as error:
            got[place] = error

    threads = [threading.Thread(target=run, args=(i, caller)) for i, caller in enumerate(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    unexpected = [one for one in got if isinstance(one, BaseException) and not isinstance(one, Refusal)]
    if unexpected:
        raise unexpected[0]
    return got


def won(got: Sequence[Any]) -> list[Any]:
    return [one for one in got if not isinstance(one, Refusal)]


def lost(got: Sequence[Any]) -> list[Refusal]:
    return [one for one in got if isinstance(one, Refusal)]
