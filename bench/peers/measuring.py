"""Drives each program with the bench's own driver, on a copy of the programs' tables, and writes the table of all."""

import json
import os
import subprocess
import urllib.parse
import urllib.request
from argparse import Namespace
from collections.abc import Iterable, Sequence
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from app.kernel import clock
from bench import report, world
from bench.load import Refused
from bench.paths import PATHS
from bench.peers import data, environment
from bench.peers.catalog import PEERS, QUESTIONS, Loads, Peer
from bench.servers import DIRECT, ROOT, SIDES, THREADS, TOKEN, Server, workers

BEGIN, END = "<!-- peers -->", "<!-- end of peers -->"
TITLES = {"floor": "the floor", "product": "**Session Desk**"} | {peer.name: peer.title for peer in PEERS}
LAST_WORDS = 2000
"""Characters of a failed program's last words."""


def measure(place: Any, n: int, chosen: Namespace, folder: Path) -> Iterable[dict[str, Any]]:
    """Every question that each program answers. What fails is a line, and the run goes on."""
    from bench.run import one_path, text, wait_until_idle

    interpreter = str(environment.python(folder))
    loads = Loads(folder, n, clock.now())
    questions = [question for question in QUESTIONS if question in chosen.paths.split(",")]
    for peer in PEERS:
        about = {"db": place.name, "rows": n, "side": peer.name}
        server = None
        try:
            url = place.fresh(n, "peers", data.make).replace("postgresql+psycopg://", "postgresql://")
            server = start(interpreter, peer, place.name, url, folder / f"{peer.name}.log")
            wait_until_idle(server)
            cookie = sign_in(server.base, peer)
            for question in questions:
                if question in peer.cannot:
                    continue
                try:
                    row = one_path(server, loads.of(peer, question, cookie), place.pid, chosen.duration)
                except (Refused, OSError) as error:
                    row = {"failed": f"{error} Not measured; the run went on."}
                row |= {**about, "path": question}
                text(report.line(row))
                yield row
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            row = {**about, "path": "start", "failed": f"{error}"[-LAST_WORDS:]}
            text(report.line(row))
            yield row
        finally:
            if server:
                server.stop()
            place.close(n)


def start(interpreter: str, peer: Peer, database: str, url: str, log: Path) -> Server:
    given = {"PEERS_DATABASE": url}
    module = f"bench.peers.{peer.module}"
    if peer.prepares:
        subprocess.run(
            [interpreter, "-m", module, *((data.PERSON[0], world.PASSWORD) if peer.name == "django" else ())],
            env={**os.environ, **given, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    kind = "asgi" if peer.asgi else "wsgi"
    served = [peer.module, kind, "{port}", str(workers(database)), str(THREADS[database])]
    return Server([interpreter, "-m", "bench.peers.serve", *served], given, log)


def sign_in(base: str, peer: Peer) -> str:
    """What the Cookie header says from then on."""
    path, email, password = peer.sign_in
    jar = CookieJar()
    browser = urllib.request.build_opener(DIRECT, urllib.request.HTTPCookieProcessor(jar))
    fields = {email: data.PERSON[0], password: world.PASSWORD}
    with suppress(urllib.error.HTTPError):  # not every program shows the form that it takes
        page = browser.open(base + path, timeout=10).read().decode()
        if found := TOKEN.search(page):
            fields[found[1]] = found[2]
    headers = {"Referer": base + path}
    request = urllib.request.Request(base + path, urllib.parse.urlencode(fields).encode(), headers)
    browser.open(request, timeout=10).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


# The table --------------------------------------------------------------------------------------------------------


def table(found: Iterable[dict[str, Any]]) -> str:
    """CPU of every program and of the product by question, each database and size from its newest run."""
    runs: dict[tuple[str, int], dict[str, list[dict[str, Any]]]] = {}
    for row in found:
        runs.setdefault((row["db"], row["rows"]), {}).setdefault(row["at"], []).append(row)
    parts = []
    for database in report.NAMES:
        for (name, n), by_run in sorted(runs.items()):
            with_peers = [at for at, rows in by_run.items() if {row["side"] for row in rows} & _peers()]
            if name == database and with_peers:
                parts.append(_part(name, n, by_run[max(with_peers)]))
    return "\n\n".join(parts)


def _peers() -> set[str]:
    return {peer.name for peer in PEERS}


def _part(database: str, n: int, rows: Sequence[dict[str, Any]]) -> str:
    known = {(row["side"], row["path"]): row for row in rows}
    titles = {path.name: path.title for path in PATHS}
    asked = [question for question in QUESTIONS if any(question == path for _, path in known)]
    measured = [row for row in rows if "failed" not in row]
    lines = [
        f"### {report.NAMES[database]}, {n:,} rows: CPU ms a request, and bytes of the answer",
        "",
        report.measured(measured or rows),
        "",
        "| program | " + " | ".join(titles[question] for question in asked) + " |",
        "|---|" + "---|" * len(asked),
    ]
    reasons: list[str] = []
    cannot = {peer.name: peer.cannot for peer in PEERS}
    for side in (*SIDES, *(peer.name for peer in PEERS)):
        cells = []
        for question in asked:
            row = known.get((side, question))
            if row is not None and "failed" not in row:
                cells.append(
                    f"{report.spent(row):.2f} ({row['bytes']:,})" if row["bytes"] else f"{report.spent(row):.2f}"
                )
                continue
            why = row or known.get((side, "start")) or {"failed": cannot.get(side, {}).get(question, "not asked")}
            reasons.append(f"{TITLES[side]}: {why['failed'].strip().splitlines()[-1].rstrip('.')}")
            cells.append("–")
        lines.append(f"| {TITLES[side]} | {' | '.join(cells)} |")
    if reasons:
        lines += ["", "A dash: " + "; ".join(dict.fromkeys(reasons)) + "."]
    return "\n".join(lines)


def write(results: Path) -> None:
    """Puts the newest run with peers of each database and size into README.md."""
    report.put(table(json.loads(line) for line in results.read_text().splitlines()), BEGIN, END)
