"""The programs beside the product: what they are asked, what two of them answer, and the tables of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine

from app.kernel import clock
from app.kernel.db.engine import Database
from bench import report, rows, world
from bench.paths import NAMES
from bench.peers import data, environment, measuring, with_flask, with_flask_tuned
from bench.peers.catalog import BODY, DECISION, PEERS, QUESTIONS, SESSIONS, Loads, Peer
from bench.peers.contract import status, waits
from bench.run import RESULTS

ROWS = 600
HERE = Path(measuring.__file__).parent
FIGURES = {
    "at": "2026-11-30T04:00:00Z",
    "commit": "abc",
    "machine": "two cores",
    "label": "",
    "db": "sqlite",
    "rows": 10,
}


def source(peer: Peer) -> str:
    place = HERE / peer.module.partition(".")[0]
    return "".join(
        path.read_text() for path in ([place.with_suffix(".py")] if not place.is_dir() else place.glob("*.py"))
    )


# What they are asked ----------------------------------------------------------------------------------------------


def test_the_questions_are_paths_of_the_bench() -> None:
    assert set(QUESTIONS) < set(NAMES)
    assert all(set(peer.cannot) <= set(QUESTIONS) and all(peer.cannot.values()) for peer in PEERS)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_program_has_the_addresses_that_it_is_asked_for(peer: Peer, tmp_path: Path) -> None:
    written = re.findall(r'\b(?:get|post|patch|path)\(\s*"/?([^"]*)"', source(peer))
    # A part in brackets stands for anything: <uid>, {uid}, <str:uid>, {uid:str}.
    routes = [re.compile(re.sub(r"<[^>]+>|\{[^}]+\}", "[^/]+", route)) for route in written]
    loads = Loads(tmp_path, ROWS, clock.now())
    for question in (question for question in QUESTIONS if question not in peer.cannot):
        target = loads.of(peer, question, "").file.read_text().partition("\n")[0].partition("\t")[2]
        path = target.partition("?")[0].strip("/")
        assert path.startswith("admin/") or any(route.fullmatch(path) for route in routes), (question, path, written)
    assert "health/live" in written


def test_the_packages_are_pinned_and_name_no_place() -> None:
    lines = [line for line in environment.REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    names = {line.partition("==")[0].lower() for line in lines}
    assert {"fastapi", "litestar", "django", "djangorestframework", "flask-admin", "flask", "sqlalchemy"} <= names


def test_the_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], check: bool) -> None:
        ran.append(command)
        (tmp_path / "peers-environment").mkdir(exist_ok=True)

    monkeypatch.setattr(environment.subprocess, "run", run)
    for _ in range(2):
        environment.python(tmp_path)
    assert len(ran) == 2
    pinned = tmp_path / "requirements.txt"
    pinned.write_text("flask==3.1.3\n")
    monkeypatch.setattr(environment, "REQUIREMENTS", pinned)
    environment.python(tmp_path)
    assert len(ran) == 4


# What they answer -------------------------------------------------------------------------------------------------


@pytest.fixture
def url(database: Database, tmp_path: Path) -> Iterator[str]:
    """Where a program's tables may be, apart from the product's."""
    if database.sqlite:
        yield f"sqlite:///{tmp_path / 'peers.sqlite3'}"
        return
    engine = create_engine(database.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as db:
        db.exec_driver_sql("CREATE SCHEMA peers")
    own = database.url.set(drivername="postgresql").update_query_dict({"options": "-csearch_path=peers"})
    yield own.render_as_string(hide_password=False)
    with engine.connect() as db:
        db.exec_driver_sql("DROP SCHEMA peers CASCADE")


@pytest.fixture(params=[with_flask, with_flask_tuned], ids=["orm", "tuned"])
def client(request: pytest.FixtureRequest, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setenv("PEERS_DATABASE", url)
    data.make(url, ROWS)
    if request.param is with_flask_tuned:
        with_flask_tuned.prepare()
    app = request.param.create_app()
    yield app.test_client()
    for engine in app.extensions["engines"]:
        engine.dispose()


def key(organization: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.key('prescreens', organization)}"}


def asked(client: FlaskClient, path: str, organization: int) -> Any:
    """What an organization is answered."""
    answer = client.get(path, headers=key(organization))
    assert answer.status_code == 200, answer.text
    return answer.json


def test_flask_answers_every_question(client: FlaskClient) -> None:
    mine = [i for i in range(ROWS, 0, -1) if rows.organization_of(i) == 1]
    listed = asked(client, f"{SESSIONS}?limit=25", 1)
    assert [row["uid"] for row in listed["data"]] == [rows.uuid_of("peer", i) for i in mine[:25]]
    following = asked(client, f"{SESSIONS}?limit=25&cursor={listed['next_cursor']}", 1)
    assert following["data"][0]["uid"] == rows.uuid_of("peer", mine[25])
    page = asked(client, f"{SESSIONS}?limit=5&status=waiting&page=1", 1)
    assert (len(page["data"]), page["total"]) == (5, sum(map(waits, mine)))
    path = f"{SESSIONS}/{rows.uuid_of('peer', mine[0])}"
    one = asked(client, path, 1)
    assert (one["status"], one["submission"]["pets"]) == (status(mine[0]), f"{mine[0] % 3} cats")
    assert client.get(path, headers=key(2)).status_code == 404
    assert client.get(SESSIONS).status_code == 401


def test_flask_creates_once_for_a_key(client: FlaskClient) -> None:
    headers = {**key(3), "Idempotency-Key": "first"}
    answers = [client.post(SESSIONS, json=BODY, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    made: list[Any] = [answer.json for answer in answers]
    assert made[0] == made[1]
    assert client.post(SESSIONS, json={**BODY, "name": "Other"}, headers=headers).status_code == 409
    assert client.post(SESSIONS, json={**BODY, "email": "nowhere"}, headers=key(3)).status_code == 422


def test_flask_decides_once_and_shows_what_waits(client: FlaskClient) -> None:
    i = next(i for i in range(ROWS, 0, -1) if waits(i))
    path, whose = f"{SESSIONS}/{rows.uuid_of('peer', i)}", rows.organization_of(i)
    answers = [client.patch(path, json=DECISION, headers=key(whose)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert asked(client, path, whose)["status"] == "approved"
    assert client.get("/queue").status_code == 303
    client.post("/sign-in", data={"email": data.PERSON[0], "password": world.PASSWORD})
    page = client.get("/queue?status=waiting").text
    assert page.count('<tr id="row-') == 50
    assert f"{sum(map(waits, range(1, ROWS + 1))) - 1:,} in all" in page


# The tables -------------------------------------------------------------------------------------------------------


def figure(side: str, path: str, cpu: float, **more: Any) -> dict[str, Any]:
    times = dict.fromkeys(("per_second", "p50", "p99", "max", "alone_p50", "alone_p99"), 1.0)
    return {**FIGURES, "side": side, "path": path, "cpu_ms": cpu, "database_ms": 0.0, "bytes": 100, **times, **more}


def test_the_table_has_every_program_and_a_reason_for_every_dash() -> None:
    found = [figure("floor", "list", 0.25), figure("product", "list", 1.5), figure("litestar", "list", 1.75)]
    found += [{**FIGURES, "side": "fastapi", "path": "start", "failed": "Traceback\nIt did not start"}]
    lines = {line.split(" | ")[0].strip("| "): line for line in measuring.table(found).splitlines()}
    assert lines["**Session Desk**"].endswith("| 1.50 (100) |")
    assert lines["Litestar, SQLAlchemy Core"].endswith("| 1.75 (100) |")
    assert all(peer.title in lines for peer in PEERS)
    reasons = measuring.table(found).splitlines()[-1]
    assert "FastAPI, SQLAlchemy ORM: It did not start" in reasons
    assert f"Flask-Admin: {PEERS[-1].cannot['list']}" in reasons


def test_a_run_without_peers_leaves_their_table() -> None:
    found = [figure("product", "list", 1.5), figure("litestar", "list", 1.75)]
    later = figure("product", "list", 9.0, at="2026-11-30T05:00:00Z")
    assert measuring.table([*found, later]) == measuring.table(found)


def test_flatness_compares_the_newest_figures_and_names_their_commits() -> None:
    large = {"rows": 1_000, "commit": "def", "at": "2026-11-30T05:00:00Z"}
    found = [figure(side, "list", cpu) for side, cpu in (("floor", 0.5), ("product", 2.0))]
    found += [figure(side, "list", cpu, **large) for side, cpu in (("floor", 0.5), ("product", 3.0))]
    # Half a comparison is none, and a failed path leaves the figure that there was.
    found += [figure("product", "list", 8.0, at="2026-11-30T06:00:00Z")]
    found += [{**FIGURES, "at": "2026-11-30T07:00:00Z", "path": "list", "side": "floor", "failed": "no"}]
    text = report.table(found)
    assert "abc against def" in text
    assert "| API list, 25 rows | 1.50 | – |" in text


def test_the_newest_figure_of_a_path_outlives_a_run_of_other_paths() -> None:
    found = [figure("product", name, 5.0) for name in ("search", "palette")]
    found += [figure("product", "palette", 4.0, at="2026-12-01T04:00:00Z", commit="def")]
    text = report.table(found)
    assert "| search page, 25 hits | 5.00 |" in text
    assert "| palette while somebody types | 4.00 |" in text
    assert "at commit def: two cores. 2026-11-30 at abc: search page, 25 hits." in text


@pytest.mark.parametrize(
    ("begin", "end", "table"),
    [(report.BEGIN, report.END, report.table), (measuring.BEGIN, measuring.END, measuring.table)],
    ids=["floor", "peers"],
)
def test_the_tables_are_those_of_the_results(begin: str, end: str, table: Any) -> None:
    text = report.README.read_text().partition(begin)[2].partition(end)[0]
    assert text.strip() == table([json.loads(line) for line in RESULTS.read_text().splitlines()])
