"""Statements that are built once: compiled once, then read from the driver, on a connection that the thread keeps.

SQLAlchemy's compiler writes the statement and its types read the values, as ever; what is left out is the work around
each execution, which costs more than these statements themselves. In a transaction, and while somebody listens to what
the engine is asked, a statement takes SQLAlchemy's way, with the same rows.
"""

import threading
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from weakref import WeakSet

from sqlalchemy import BindParameter, CompoundSelect, Engine, Select, TextualSelect
from sqlalchemy.engine import Dialect
from sqlalchemy.pool import PoolProxiedConnection

if TYPE_CHECKING:
    from app.kernel.db.engine import Db

R = TypeVar("R")
Processor = Callable[[Any], Any]  # between a value of the driver and one of a column's type
Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | TextualSelect  # of any columns
Given = Mapping[str, object]
NOTHING: Given = MappingProxyType({})


class Kept:
    """The reading connections of an engine that threads keep open between statements, one a thread."""

    def __init__(self, engine: Engine) -> None:
        self.dialect = engine.dialect
        self.error: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._engine = engine
        self._of_thread = threading.local()
        self._all: WeakSet[PoolProxiedConnection] = WeakSet()

    @property
    def bypassed(self) -> bool:
        """Whether somebody listens to what the engine is asked, which they would not hear of here."""
        return bool(self._engine.dispatch.before_cursor_execute)

    def connection(self) -> Any:  # of either driver
        """The driver's connection of this thread."""
        kept: PoolProxiedConnection | None = getattr(self._of_thread, "kept", None)
        if kept is None or kept.dbapi_connection is None:
            kept = self._of_thread.kept = self._engine.raw_connection()
            self._all.add(kept)
        return kept.dbapi_connection

    def leave(self, error: Exception) -> None:
        """Closes this thread's connection if the error says that it is broken."""
        kept: PoolProxiedConnection | None = getattr(self._of_thread, "kept", None)
        if kept is not None and self.dialect.is_disconnect(error, kept.dbapi_connection, None):  # type: ignore[arg-type]  # as SQLAlchemy calls it
            kept.invalidate(error)

    def close(self) -> None:
        """Gives all of them back; a thread that goes on reading opens its own anew."""
        for kept in list(self._all):
            kept.close()
        self._all.clear()


class _Form:
    """A statement as one kind of database takes it."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = compiled.string
        self.complete = not (compiled.post_compile_params or compiled.literal_execute_params)
        """False when the text depends on the values: `IN` a list of any length."""
        names = compiled.positiontup if compiled.positional else None
        self._names = tuple(compiled.binds) if names is None else None
        self._binds = tuple(_bind(compiled.binds[name], dialect) for name in names or compiled.binds)
        self._types = tuple(column.type for column in statement.selected_columns)
        self._dialect = dialect
        self._processors: tuple[tuple[int, Processor], ...] | None = None

    def values(self, given: Given) -> Mapping[str, object] | Sequence[object]:
        """The values as the driver takes them."""
        found = [
            (given[key] if default is None or key in given else default.effective_value)
            if process is None
            else process(given[key] if default is None or key in given else default.effective_value)
            for key, default, process in self._binds
        ]
        return found if self._names is None else dict(zip(self._names, found, strict=True))

    def read(self, rows: Sequence[Sequence[object]], description: Sequence[Sequence[object]]) -> Any:
        """The rows with values of the columns' types."""
        if self._processors is None:
            made = (
                (at, kind.dialect_impl(self._dialect).result_processor(self._dialect, description[at][1]))
                for at, kind in enumerate(self._types)
            )
            self._processors = tuple((at, process) for at, process in made if process is not None)
        columns: list[Any] = list(zip(*rows, strict=True))
        for at, process in self._processors:
            columns[at] = map(process, columns[at])
        return zip(*columns, strict=True)


def _bind(bind: BindParameter[Any], dialect: Dialect) -> tuple[str, BindParameter[Any] | None, Processor | None]:
    process = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return bind.key, None if bind.required else bind, process


class Prepared(Generic[R]):
    """A reading statement, and the type of its rows: a NamedTuple, by default one of the columns' names."""

    def __init__(self, statement: Statement, row: type[R] | None = None) -> None:
        self.statement = statement
        # A type that is only declared (a Protocol) has no instances of its own.
        self._make: Callable[[Any], R] = cast(Any, row or _row_of(statement))._make
        self._forms: dict[str, _Form] = {}

    def all(self, db: "Db", given: Given = NOTHING) -> list[R]:
        """Every row."""
        kept = db.kept
        if kept is None or kept.bypassed:
            return self._executed(db, given)
        form = self._forms.get(kept.dialect.name)
        if form is None:
            form = self._forms[kept.dialect.name] = _Form(self.statement, kept.dialect)
        if not form.complete:
            return self._executed(db, given)
        values = form.values(given)
        try:
            cursor = kept.connection().execute(form.sql, values)
            rows = cursor.fetchall()
        except kept.error as error:
            kept.leave(error)
            # Asked again: a new connection answers, or SQLAlchemy says what is wrong.
            return self._executed(db, given)
        return list(map(self._make, form.read(rows, cursor.description))) if rows else []

    def _executed(self, db: "Db", given: Given) -> list[R]:
        return list(map(self._make, db.connection().execute(self.statement, dict(given))))

    def first(self, db: "Db", given: Given = NOTHING) -> R | None:
        """The first row, if there is one. The statement itself says that it wants no more."""
        return next(iter(self.all(db, given)), None)

    def scalar(self, db: "Db", given: Given = NOTHING) -> Any:  # of the column's type
        """The first value of the first row, or None."""
        row = cast(Sequence[Any] | None, self.first(db, given))
        return None if row is None else row[0]


def _row_of(statement: Statement) -> type[Any]:
    return namedtuple("Row", statement.selected_columns.keys(), rename=True)
