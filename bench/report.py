"""Figures as a line while a run goes on, and as tables for README.md."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.paths import PATHS

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
PASSES = 1.25


def line(row: dict[str, Any]) -> str:
    """One measurement while the run goes on."""
    if "failed" in row:
        return f"{row['db']:10} {row['rows']:>9,} {row['path']:8} {row['side']:7} {row['failed']}"
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
    """Every database and size of one run."""
    rows = list(found)
    known = {(row["db"], row["rows"], row["path"], row["side"]): row for row in rows if "failed" not in row}
    places = list(dict.fromkeys((row["db"], row["rows"]) for row in rows))
    parts = [_place(known, database, n) for database, n in places]
    flat = _flatness(known, places)
    return "\n\n".join([*parts, *([flat] if flat else [])])


def _place(known: dict[tuple[Any, ...], dict[str, Any]], database: str, n: int) -> str:
    first = next(row for place, row in known.items() if place[:2] == (database, n))
    lines = [
        f"### {NAMES[database]}, {n:,} rows a room",
        "",
        f"Measured {first['at'][:10]} at commit {first['commit']}: {first['machine']}.",
        "",
        "| path | floor, CPU ms | product, CPU ms | ratio | goal | | floor / product, requests a second "
        "| product alone, p50 / p99 ms | product with 16, p99 ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for path in PATHS:
        floor, product = (known.get((database, n, path.name, side)) for side in ("floor", "product"))
        if floor is None or product is None or path.goal is None:
            continue
        ratio, goal = spent(product) / spent(floor), path.goal[database == "postgresql"]
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


def _without_floor(known: dict[tuple[Any, ...], dict[str, Any]], database: str, n: int) -> list[str]:
    """The paths that the floor does not have."""
    lines = []
    for path in PATHS:
        product = known.get((database, n, path.name, "product"))
        if path.goal is None and product is not None:
            most = f"{path.most:g} | {verdict(spent(product), path.most)}" if path.most else "| "
            alone = f"{product['alone_p50']:.2f} / {product['alone_p99']:.2f}"
            lines.append(f"| {path.title} | {spent(product):.2f} | {most} | {alone} |")
    head = "| path without a floor | CPU ms | at most | | alone, p50 / p99 ms |"
    return ["", head, "|---|---|---|---|---|", *lines] if lines else []


def verdict(ratio: float, goal: float) -> str:
    """What a ratio means beside its goal; a quarter above it passes."""
    if ratio <= goal:
        return "reached"
    return "passes" if ratio <= goal * PASSES else "missed"


def _flatness(known: dict[tuple[Any, ...], dict[str, Any]], places: list[tuple[str, int]]) -> str:
    sizes = sorted({n for _, n in places})
    if len(sizes) < 2:
        return ""
    small, large = sizes[0], sizes[-1]
    lines = [
        f"### Flat? The product's CPU at {large:,} rows as a multiple of that at {small:,}",
        "",
        "| path | " + " | ".join(NAMES[database] for database in NAMES) + " |",
        "|---|---|---|",
    ]
    for path in PATHS:
        cells = []
        for database in NAMES:
            # Only what one run measured can be compared.
            one, other = (known.get((database, n, path.name, "product")) for n in (small, large))
            cells.append(f"{spent(other) / spent(one):.2f}" if one and other and one["at"] == other["at"] else "–")
        lines.append(f"| {path.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write(results: Path) -> None:
    """Puts the newest run of each database and size into README.md."""
    newest: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in map(json.loads, results.read_text().splitlines()):
        place = newest.setdefault((row["db"], row["rows"]), [])
        if place and place[0]["at"] != row["at"]:
            place.clear()
        place.append(row)
    order = sorted(newest, key=lambda place: (list(NAMES).index(place[0]), place[1]))
    found = [row for place in order for row in newest[place]]
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{after}")
