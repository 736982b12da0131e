"""The assignment that gives most sessions a manager, and of these the one that costs least.

A mixed-integer program for HiGHS: a column for each manager who may take a session; a row for each session, and one for
each moment at which a manager's sessions could meet; the rising price of a full day in linear pieces, which are exact
because each is dearer than the one before. Days that do not touch each other are solved one by one.
"""

import os
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import TYPE_CHECKING

from app.depositions.rules.plan.costs import LOAD, SHORT, SHORT_BREAK, Ledger, quarters
from app.depositions.rules.plan.facts import Assignment

if TYPE_CHECKING:
    from highspy import Highs

TIME_LIMIT = 2.0
"""Seconds after which the best plan that was found is taken."""
INFINITY = float("inf")
_ONE_AT_A_TIME = threading.Lock()


class Program:
    """The columns and rows of a mixed-integer program."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.lowers: list[float] = []
        self.uppers: list[float] = []
        self.whole: list[bool] = []
        self.row_lowers: list[float] = []
        self.row_uppers: list[float] = []
        self.starts: list[int] = [0]
        self.columns: list[int] = []
        self.values: list[float] = []

    def column(self, cost: float, upper: float = 1, *, whole: bool = False) -> int:
        self.costs.append(cost)
        self.lowers.append(0)
        self.uppers.append(upper)
        self.whole.append(whole)
        return len(self.costs) - 1

    def row(self, terms: list[tuple[int, float]], lower: float, upper: float) -> None:
        self.columns += [column for column, _ in terms]
        self.values += [value for _, value in terms]
        self.row_lowers.append(lower)
        self.row_uppers.append(upper)
        self.starts.append(len(self.columns))


def solve(ledger: Ledger, time_limit: float = TIME_LIMIT) -> Assignment:
    """The best assignment, or the best that was found in so many seconds."""
    start = greedy(ledger)
    found, missing, dearer = dict[int, int](), 0, 0
    deadline = time.monotonic() + time_limit
    for ids in _parts(ledger):
        program, columns, worth = _program(ledger, ids)
        if columns:
            mine = {id: start[id] for id in ids if id in start}
            part = _run(ledger, program, columns, worth, mine, deadline - time.monotonic())
            found |= part.managers
            missing, dearer = missing + part.missing, dearer + part.dearer
    return Assignment(found, missing, dearer)


def _parts(ledger: Ledger) -> list[list[int]]:
    """The sessions in parts that do not touch each other: no day of a manager who may take both, and no short break."""
    leader = {id: id for id in ledger.sessions}

    def leading(id: int) -> int:
        while leader[id] != id:
            leader[id] = id = leader[leader[id]]
        return id

    first: dict[tuple[int, date], int] = {}
    for id, fits in ledger.fits.items():
        for one in ledger.offered(id):
            if not fits[one].why_not:
                leader[leading(id)] = leading(first.setdefault((one, fits[one].day), id))
    by_start = sorted(ledger.sessions, key=lambda id: (ledger.sessions[id].span.starts_at, id))
    reach = max([SHORT, *(their.candidate.gap for their in ledger.times.values())])
    until, last = None, None
    for id in by_start:
        span = ledger.sessions[id].span
        if last is not None and until is not None and span.starts_at < until:
            leader[leading(id)] = leading(last)
        ends = span.ends_at + reach
        until, last = (ends, id) if until is None or ends > until else (until, last)
    found: dict[int, list[int]] = {}
    for id in by_start:
        found.setdefault(leading(id), []).append(id)
    return list(found.values())


def greedy(ledger: Ledger) -> dict[int, int]:
    """A quick assignment: session by session the manager who costs least then, those with fewest managers first."""
    choices = {id: [one for one in ledger.offered(id) if not fits[one].why_not] for id, fits in ledger.fits.items()}
    placed = []
    for id in sorted(choices, key=lambda id: (len(choices[id]), ledger.sessions[id].span.starts_at, id)):
        free = [one for one in choices[id] if ledger.may(id, one)]
        if free:
            ledger.add(id, min(free, key=lambda one: (ledger.price(id, one), one)))
            placed.append(id)
    found = dict(ledger.managers)
    for id in reversed(placed):
        ledger.remove(id)
    return found


def _program(ledger: Ledger, ids: Sequence[int]) -> tuple[Program, dict[tuple[int, int], int], int]:
    """The program, its columns by session and manager, and what a session that finds somebody is worth."""
    program = Program()
    columns: dict[tuple[int, int], int] = {}
    fixed = {
        (id, one): sum(cost.points for cost in ledger.fixed(id, one))
        for id in ids
        for one in ledger.offered(id)
        if not ledger.fits[id][one].why_not
    }
    worth = _worth(ledger, fixed)
    for (id, one), points in fixed.items():
        columns[id, one] = program.column(points - worth, whole=True)
    for id in ids:
        mine = [(columns[id, one], 1.0) for one in ledger.fits[id] if (id, one) in columns]
        if mine:
            program.row(mine, 0, 1)
    _one_place_at_a_time(ledger, program, columns, ids)
    _loads(ledger, program, columns)
    _breaks(ledger, program, columns, ids)
    return program, columns, worth


def _worth(ledger: Ledger, fixed: Mapping[tuple[int, int], int]) -> int:
    """More than a session can cost, so that none is left out where somebody is free."""
    return 1000 + max(
        (points + quarters(ledger.sessions[id].span) * LOAD[-1][1] for (id, _), points in fixed.items()), default=0
    )


def _one_place_at_a_time(
    ledger: Ledger, program: Program, columns: dict[tuple[int, int], int], ids: Sequence[int]
) -> None:
    by_start = sorted(ids, key=lambda id: (ledger.sessions[id].span.starts_at, id))
    for one, their in ledger.times.items():
        gap, going = their.candidate.gap, list[int]()
        grown = False
        for id in (each for each in by_start if (each, one) in columns):
            begins = ledger.sessions[id].span.starts_at
            left = [each for each in going if ledger.sessions[each].span.ends_at + gap > begins]
            # A set of sessions that meet is a row once it is as large as it gets.
            if grown and len(left) < len(going):
                program.row([(columns[each, one], 1.0) for each in going], 0, 1)
            going, grown = [*left, id], True
        if grown and len(going) > 1:
            program.row([(columns[each, one], 1.0) for each in going], 0, 1)


def _loads(ledger: Ledger, program: Program, columns: dict[tuple[int, int], int]) -> None:
    """Each day of a manager, in pieces of rising price. The load that is there already costs nothing more."""
    days: dict[tuple[int, date], list[tuple[int, int]]] = {}
    for (id, one), column in columns.items():
        day = ledger.fits[id][one].day
        days.setdefault((one, day), []).append((column, quarters(ledger.sessions[id].span)))
    for (one, day), mine in days.items():
        before, most = ledger.load(one, day), sum(length for _, length in mine)
        pieces = [
            (min(ends or before + most, before + most) - max(begins, before), price)
            for (ends, price), begins in zip(LOAD, [0, *(each for each, _ in LOAD if each)], strict=True)
        ]
        pieces = [(width, price) for width, price in pieces if width > 0]
        if len(pieces) == 1:
            for column, length in mine:
                program.costs[column] += length * pieces[0][1]
            continue
        terms = [(column, float(length)) for column, length in mine]
        terms += [(program.column(price, width), -1.0) for width, price in pieces]
        program.row(terms, 0, 0)


def _breaks(ledger: Ledger, program: Program, columns: dict[tuple[int, int], int], ids: Sequence[int]) -> None:
    """Each session that begins soon after another one of its manager. Of those that meet each other a manager has one
    at most, so that they share a row for each manager."""
    for second, earlier in _close(ledger, ids).items():
        begins = ledger.sessions[second].span.starts_at
        for group in _meeting(ledger, earlier):
            rows = []
            for one, their in ledger.times.items():
                gap = their.candidate.gap
                mine = [
                    columns[id, one]
                    for id in group
                    if (id, one) in columns and ledger.sessions[id].span.ends_at + gap <= begins
                ]
                if mine and (second, one) in columns:
                    rows.append([(column, 1.0) for column in (*mine, columns[second, one])])
            if rows:
                short = program.column(SHORT_BREAK)
                for row in rows:
                    program.row([*row, (short, -1.0)], -INFINITY, 1)


def _close(ledger: Ledger, ids: Sequence[int]) -> dict[int, list[int]]:
    """The sessions that end shortly before another begins, by the id of that one."""
    by_end = sorted((ledger.sessions[id].span.ends_at, id) for id in ids)
    ends = [end for end, _ in by_end]
    found = {}
    for id in ids:
        span = ledger.sessions[id].span
        near = by_end[bisect_right(ends, span.starts_at - SHORT) : bisect_right(ends, span.starts_at)]
        if near:
            found[id] = [other for _, other in near]
    return found


def _meeting(ledger: Ledger, ids: list[int]) -> list[list[int]]:
    """Sessions, which are in the order of their ends, in groups of those that begin before the first of it ends."""
    groups: list[list[int]] = []
    for id in ids:
        if groups and ledger.sessions[id].span.starts_at < ledger.sessions[groups[-1][0]].span.ends_at:
            groups[-1].append(id)
        else:
            groups.append([id])
    return groups


def _run(
    ledger: Ledger,
    program: Program,
    columns: dict[tuple[int, int], int],
    worth: int,
    start: dict[int, int],
    time_limit: float,
) -> Assignment:
    # Imported here: numpy and the solver take longer to load than most pages to answer, and few processes plan.
    import highspy
    import numpy

    with greeting_on_stderr():
        solver: Highs = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy's
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    solver.setOptionValue("time_limit", max(time_limit, 0.0))
    # Costs are whole numbers: whoever is within less than one of the best is the best.
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.99)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.costs), len(program.row_lowers)
    model.col_cost_ = numpy.array(program.costs, dtype=float)
    model.col_lower_ = numpy.array(program.lowers, dtype=float)
    model.col_upper_ = numpy.array(program.uppers, dtype=float)
    model.row_lower_ = numpy.array(program.row_lowers, dtype=float)
    model.row_upper_ = numpy.array(program.row_uppers, dtype=float)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = numpy.array(program.starts)
    model.a_matrix_.index_ = numpy.array(program.columns)
    model.a_matrix_.value_ = numpy.array(program.values, dtype=float)
    whole, any_number = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    model.integrality_ = [whole if each else any_number for each in program.whole]
    solver.passModel(model)
    given = [columns[pair] for pair in start.items()]
    picked = [float(column in set(given)) for column in columns.values()]
    solver.setSolution(len(picked), numpy.array(list(columns.values())), numpy.array(picked))
    solver.run()
    info = solver.getInfo()
    values = solver.getSolution().col_value
    found = {id: one for (id, one), column in columns.items() if column < len(values) and values[column] > 0.5}
    if not found or _total(ledger, found, worth) > _total(ledger, start, worth):
        found = start
    if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        return Assignment(found)
    bound = max(info.mip_dual_bound, -float(worth * len(columns)))
    gap = int(_total(ledger, found, worth) - bound)
    missing = min(-(-gap // worth) if gap >= worth else 0, len({id for id, _ in columns}) - len(found))
    return Assignment(found, missing, gap if not missing else 0)


@contextmanager
def greeting_on_stderr() -> Iterator[None]:
    """The first solver of a process prints who it is, past Python and before it can be told not to; the output of a
    command is what other programs read. One after the other: of two at once, one would take the other's replacement
    for the real output."""
    with _ONE_AT_A_TIME, ExitStack() as undo:
        stdout = os.dup(1)
        undo.callback(os.close, stdout)
        undo.callback(os.dup2, stdout, 1)
        os.dup2(2, 1)
        yield


def _total(ledger: Ledger, managers: dict[int, int], worth: int) -> int:
    points = sum(ledger.add(id, one) for id, one in managers.items())
    for id in list(managers):
        ledger.remove(id)
    return points - worth * len(managers)
