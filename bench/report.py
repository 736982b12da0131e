"""Figures as a line while a run goes on, and as tables for README.md."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.paths import PATHS
from bench.servers import SIDES

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
PASSES = 1.25

Known = dict[tuple[str, int, str, str], dict[str, Any]]
"""Figures by database, rows, path and side."""


def line(row: dict[str, Any]) -> str:
    """One measurement while the run goes on."""
    if "failed" in row:
        return f"{row['db']:10} {row['rows']:>9,} {row['path']:8} {row['side']:7} {row['failed']}"
    if "p50" not in row:
        return f"{row['db']:10} {row['rows']:>9,} {row['path']:8} {row['side']:7} " + ", ".join(
            f"{name} {value:,}" for name, value in row.items() if name not in ("db", "rows", "path", "side")
        )
    return (
        f"{row['db']:10} {row['rows']:>9,} {row['path']:8} {row['side']:7} cpu {row['cpu_ms']:7.3f} "
        f"+ database {row['database_ms']:6.3f} ms  {row['per_second']:7.0f}/s  p50 {row['p50']:7.2f} "
        f"p99 {row['p99']:7.2f} max {row['max']:6.0f}  alone {row['alone_p50']:6.2f} / {row['alone_p99']:6.2f}  "
        f"{row['bytes']:,} bytes"
    )


def spent(row: dict[str, Any]) -> float:
    """CPU milliseconds a request, the database's included."""
    return row["cpu_ms"] + row["database_ms"]


def table(found: Iterable[dict[str, Any]]) -> str:
    """The newest figure of each path, on every database and at every size."""
    rows = [row for row in found if "failed" not in row]
    known = newest(rows)
    names = {row["db"]: None for row in rows}
    places = [
        (name, n) for name in NAMES if name in names for n in sorted({r["rows"] for r in rows if r["db"] == name})
    ]
    parts = [_place(known, database, n) for database, n in places]
    return "\n\n".join([*parts, *filter(None, (_flatness(known, places),))])


def newest(rows: Iterable[dict[str, Any]]) -> Known:
    """The figures to show: of each database, size and path those of the newest run that measured it, whole. A figure of
    the product is never put beside one of the floor from another run."""
    runs: dict[tuple[str, int, str], dict[str, dict[str, dict[str, Any]]]] = {}
    for row in rows:
        runs.setdefault((row["db"], row["rows"], row["path"]), {}).setdefault(row["at"], {})[row["side"]] = row
    compared = {path.name for path in PATHS if path.goal}
    known: Known = {}
    for (database, n, path), by_run in runs.items():
        needed = set(SIDES) if path in compared else {"product"}
        whole = [at for at, sides in by_run.items() if needed <= sides.keys()]
        if whole:
            known |= {(database, n, path, side): by_run[max(whole)][side] for side in needed}
    return known


def measured(rows: Sequence[dict[str, Any]]) -> str:
    """When and where these were measured. What was measured at another commit than the most is named."""
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        runs.setdefault((row["at"][:10], row["commit"]), []).append(row)
    (day, commit), most = max(runs.items(), key=lambda run: (len(run[1]), run[0]))
    busy = f"load {most[0]['busy']:.1f} at the start" if "busy" in most[0] else most[0]["label"]
    parts = [f"Measured {day} at commit {commit}{f' ({busy})' if busy else ''}: {most[0]['machine']}."]
    titles = {path.name: path.title for path in PATHS} | {"process": "memory and start"}
    for (other, its_commit), some in sorted(runs.items()):
        if (other, its_commit) != (day, commit):
            names = "; ".join(dict.fromkeys(titles[row["path"]] for row in some))
            parts.append(f"{other} at {its_commit}: {names}.")
    return " ".join(parts)


def _place(known: Known, database: str, n: int) -> str:
    lines = [
        f"### {NAMES[database]}, {n:,} rows a room",
        "",
        measured([row for place, row in known.items() if place[:2] == (database, n)]),
    ]
    head = [
        "",
        "| path | floor, CPU ms | product, CPU ms | ratio | goal | | floor / product, requests a second "
        "| product alone, p50 / p99 ms | product with 16, p99 ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for path in PATHS:
        floor, product = (known.get((database, n, path.name, side)) for side in SIDES)
        if floor is None or product is None or path.goal is None:
            continue
        ratio, goal = spent(product) / spent(floor), path.goal[database == "postgresql"]
        lines += head
        head = []
        lines.append(
            f"| {path.title} | {spent(floor):.2f} | {spent(product):.2f} | **{ratio:.1f}** | {goal:g} "
            f"| {verdict(ratio, goal)} | {floor['per_second']:,.0f} / {product['per_second']:,.0f} "
            f"| {product['alone_p50']:.2f} / {product['alone_p99']:.2f} | {product['p99']:.1f} |"
        )
    lines += _without_floor(known, database, n)
    process = known.get((database, n, "process", "product"))
    if process:
        lines += [
            "",
            f"{process['workers']} web process{'es' if process['workers'] > 1 else ''} and their parent: "
            f"{process['memory_mib']:.0f} MiB (PSS) after the load; {process['seconds_to_answer']:.1f} s from start to "
            f"first answer, {process.get('cpu_to_answer', 0):.1f} s of CPU.",
        ]
    return "\n".join(lines)


def _without_floor(known: Known, database: str, n: int) -> list[str]:
    """The paths that the floor does not have."""
    lines = []
    for path in PATHS:
        product = known.get((database, n, path.name, "product"))
        if path.goal is None and product is not None:
            cost = spent(product)
            most = f"{path.most:g} | {verdict(cost, path.most)}" if path.most else "| "
            alone = f"{product['alone_p50']:.2f} / {product['alone_p99']:.2f}" if "alone_p50" in product else ""
            lines.append(f"| {path.title} | {cost:.{2 if cost >= 0.1 else 3}f} | {most} | {alone} |")
    head = "| path without a floor | CPU ms | at most | | alone, p50 / p99 ms |"
    return ["", head, "|---|---|---|---|---|", *lines] if lines else []


def verdict(ratio: float, goal: float) -> str:
    """What a ratio means beside its goal; a quarter above it passes."""
    if ratio <= goal:
        return "reached"
    return "passes" if ratio <= goal * PASSES else "missed"


def _flatness(known: Known, places: Sequence[tuple[str, int]]) -> str:
    sizes = sorted({n for _, n in places})
    if len(sizes) < 2:
        return ""
    small, large = sizes[0], sizes[-1]
    lines = [f"### Flat? The product's CPU at {large:,} rows as a multiple of that at {small:,}", ""]
    table = ["| path | " + " | ".join(NAMES.values()) + " |", "|---|---|---|"]
    apart: dict[str, dict[str, list[str]]] = {}
    for path in PATHS:
        cells = []
        for database in NAMES:
            one, other = (known.get((database, n, path.name, "product")) for n in (small, large))
            cells.append(f"{spent(other) / spent(one):.2f}" if one and other else "–")
            if one and other and one["commit"] != other["commit"]:
                commits = f"{one['commit']} against {other['commit']}"
                apart.setdefault(NAMES[database], {}).setdefault(commits, []).append(path.title)
        if set(cells) != {"–"}:
            table.append(f"| {path.title} | {' | '.join(cells)} |")
    for database, pairs in apart.items():
        most = max(pairs, key=lambda each: len(pairs[each]))
        rest = "".join(f"; {'; '.join(titles)}: {each}" for each, titles in pairs.items() if each != most)
        lines.append(
            f"{database} was measured at different commits, {most}{rest}: what changed between them counts too."
        )
    return "\n".join([*lines, *([""] if apart else []), *table])


def write(results: Path) -> None:
    """Puts the newest figures into README.md."""
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    put(table(rows), BEGIN, END)


def put(text: str, begin: str, end: str) -> None:
    """Replaces what stands between two marks of README.md."""
    before, _, rest = README.read_text().partition(begin)
    _, _, after = rest.partition(end)
    README.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
