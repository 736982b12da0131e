"""The rows behind a number of an overview: the things that were counted, each with its page, and all of them as CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from flask import Response, request, url_for
from sqlalchemy import select

from app.accounts.access import me
from app.accounts.models import Organization
from app.dashboard import csv_export, estimates
from app.dashboard.counted_rows import Counted, CountedRow
from app.dashboard.desk import desks
from app.dashboard.overview import DELIVERED, Overview
from app.dashboard.queue import Label
from app.kernel.db.engine import Db
from app.kernel.db.hourly_stats import WAITS, Days
from app.kernel.db.transaction import database, db, side_transaction
from app.kernel.errors import BadRequest
from app.kernel.outbox.outbox import OutboxRow
from app.kernel.text import datetimes
from app.kernel.web.htmx import personal, respond

SHOWN = 200
"""Rows on the page; the file has all."""
LONGEST = 400
"""Days that may be asked for at most: both spans of any overview."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One thing that was counted, and when."""

    url: str
    title: str
    detail: str
    organization: str
    state: Label | None
    at: datetime
    waited: timedelta


class _Thing(NamedTuple):
    title: str
    detail: str
    organization: str
    state: Label | None


class CountedPage:
    """One request for the rows behind a number. Raises BadRequest for an address that cannot be read."""

    def __init__(self, overview: Overview) -> None:
        self.overview, self.event, self.viewer = overview, request.args.get("rows", ""), me()
        self.desk = next(desk for desk in desks() if desk.name == overview.desk)
        if self.event not in overview.happenings:
            raise self._refused()
        self.happening = overview.happenings[self.event]
        self.first, self.last = self._day("from"), self._day("to")
        if not 0 <= (self.last - self.first).days < LONGEST:
            raise self._refused()
        self.categories = request.args.getlist("is")
        over, under, part = (request.args.get(name, "") for name in ("over", "under", "part"))
        if any("\x00" in text for text in (*self.categories, part)):
            raise self._refused()
        parts = overview.subjects if self.event == DELIVERED else [part] if part else []
        waits = [self._edge(over) or 0, self._edge(under)] if over or under else []
        self.counted = Counted(
            event=self.event,
            days=Days(overview.zone, self.first, self.last),
            organization_ids=overview.organization_ids,
            categories=self.categories,
            subcategories=parts,
            buckets=estimates.buckets(waits[0] or 0, waits[1]) if waits else (),
        )
        self.edges = (self._edge(over), self._edge(under))

    def answer(self) -> Response:
        """The page, or the file."""
        if "csv" in request.args:
            return self._file()
        total = self.counted.count(db())
        return respond(
            "dashboard/overview_rows.html",
            o=self.overview,
            happening=self.happening,
            which=self._which(),
            total=total,
            rows=[self._shown(*each) for each in self._found(db(), self.counted.rows(db(), SHOWN))],
            csv_url=f"{request.full_path.rstrip('?')}&csv=all",
        )

    def _day(self, name: str) -> date:
        try:
            found = date.fromisoformat(request.args.get(name, ""))
        except ValueError:
            raise self._refused() from None
        if not 1900 <= found.year <= 2199:
            raise self._refused()
        return found

    def _edge(self, text: str) -> int | None:
        """An edge of the buckets of durations; None for an empty text and for 0."""
        if text in ("", "0"):
            return None
        edges = {str(edge): edge for edge in WAITS}
        if text not in edges:
            raise self._refused()
        return edges[text]

    @staticmethod
    def _refused() -> BadRequest:
        return BadRequest("This address asks for rows that do not exist. Start again from the overview.")

    def _which(self) -> str:
        """The days and what else narrows the rows, in words."""
        now = self.overview.now.astimezone(self.counted.days.zone)
        days = datetimes.day(self.first, now)
        if self.last != self.first:
            days += f" to {datetimes.day(self.last, now)}"
        words = self.happening.words or {}
        over, under = (datetimes.duration(edge) if edge else "" for edge in self.edges)
        waits = f"from {over} to under {under}" if over and under else f"{over} or more" if over else f"under {under}"
        organization = next((r.name for r in self.overview.organizations if r.id == self.overview.organization_id), "")
        named = list(dict.fromkeys(words[category] for category in self.categories if category in words))
        # All categories together are no restriction.
        kinds = ", ".join(named) if len(named) < len(set(words.values())) else ""
        parts = [days, organization, kinds, waits if over or under else ""]
        return " · ".join(part for part in parts if part)

    def _shown(self, row: CountedRow, thing: _Thing) -> ShownRow:
        endpoint = "messages.detail" if self.event == DELIVERED else self.desk.detail_endpoint
        return ShownRow(url_for(endpoint, id=row.id), *thing, row.at, row.at - row.since)

    def _found(self, session: Db, rows: Sequence[CountedRow]) -> Iterator[tuple[CountedRow, _Thing]]:
        things = self._things(session, rows)
        return ((row, things[str(row.id)]) for row in rows if str(row.id) in things)

    def _things(self, session: Db, rows: Sequence[CountedRow]) -> dict[str, _Thing]:
        if self.event == DELIVERED:
            return _messages(session, [row.id for row in rows if isinstance(row.id, UUID)])
        ids, now = list(dict.fromkeys(str(row.id) for row in rows)), self.overview.now
        veiled = self.desk.veiled(session, self.viewer, ids, now)
        return {
            str(one.id): _Thing(self.desk.label_of(str(one.id)), "", one.organization, one.state)
            if str(one.id) in veiled
            else _Thing(one.title, one.detail, one.organization, one.state)
            for one in self.desk.search_results(session, ids, now)
        }

    def _file(self) -> Response:
        o = self.overview
        with side_transaction() as own:
            csv_export.record_export(
                own,
                o.desk,
                address=request.full_path.rstrip("?"),
                rows=self.counted.count(db()),
                organization_id=o.organization_id,
                by=me().actor(),
                now=o.now,
            )
        head = ["Thing", "Detail", "Organization", "State", "Time", "Waited (s)"]
        name = csv_export.file_name(o.desk, self.happening.title, o.now, o.zone)
        data = database()

        def lines() -> Iterator[Sequence[object]]:
            with data.read() as own:
                for rows in self.counted.all(own):
                    for row, thing in self._found(own, rows):
                        state = thing.state.word if thing.state else ""
                        waited = int((row.at - row.since).total_seconds())
                        yield thing.title, thing.detail, thing.organization, state, row.at, waited

        answer = Response((piece.encode() for piece in csv_export.lines(head, lines())), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return personal(answer)


def _messages(session: Db, ids: Sequence[UUID]) -> dict[str, _Thing]:
    organization = select(Organization.name).where(Organization.id == OutboxRow.organization_id).scalar_subquery()
    columns = (OutboxRow.id, OutboxRow.summary, OutboxRow.channel, OutboxRow.destination, organization)
    return {
        str(id): _Thing(summary, f"{channel} · {destination}", name or "", None)
        for id, summary, channel, destination, name in session.execute(select(*columns).where(OutboxRow.id.in_(ids)))
    }
