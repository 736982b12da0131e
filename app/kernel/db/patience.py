"""Connections to PostgreSQL that are given up when the server is silent for too long. Imported on PostgreSQL alone."""

import select
from collections.abc import Sequence
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import DisconnectionError

T = TypeVar("T")


class Connection(psycopg.Connection[Any]):  # rows have many types
    """A connection that waits `answer_within` seconds for an answer.

    The server's own `statement_timeout` does not end what a server that hangs has begun, and the kernel goes on
    answering for it.
    """

    answer_within: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, timeout or self.answer_within)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # A late answer would be taken for that of the next statement.
            raise

    def execute_numbered(self, sql: LiteralString, values: Sequence[object]) -> psycopg.Cursor[Any]:  # the same
        """Executes a text that has `$1` and so on for its values, as the server takes it. In one with names the driver
        looks for them at each execution when it is long: 0.1 ms for a list of 64."""
        return psycopg.RawCursor(self).execute(sql, values)

    @property
    def ended(self) -> bool:
        """Whether it is closed, or the server said something unasked, as it does when it ends a connection."""
        if self.closed:
            return True
        listening = select.poll()
        listening.register(self.pgconn.socket, select.POLLIN)
        return bool(listening.poll(0))


def connect(*given: Any, answer_within: float | None, **names: Any) -> Connection:  # the driver's
    """Connects as the driver does, whose arguments are passed on."""
    connection = Connection.connect(*given, **names)
    connection.answer_within = answer_within
    return connection


def checked_out(connection: Connection, _record: object, _fairy: object) -> None:
    """Raises DisconnectionError for a connection that ended while it waited in the pool, which then opens another."""
    if connection.ended:
        raise DisconnectionError
