"""What holds for every file of the house, whoever wrote it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 450
TEXT = {
    ".py",
    ".html",
    ".txt",
    ".css",
    ".js",
    ".md",
    ".toml",
    ".json",
    ".conf",
    ".service",
    ".mako",
    ".ini",
    ".po",
    ".svg",
    "",
}
GENERATED = ("requirements", "migrations/versions/", "app/static/vendor/", "app/static/icons", "docs/api/")


@cache
def files() -> tuple[Path, ...]:
    """Every text file that belongs to the project: what git knows, and what it would add."""
    listed = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True
    )
    found = [ROOT / name for name in listed.splitlines()]
    return tuple(path for path in found if path.suffix in TEXT and path.is_file())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def written() -> Iterator[Path]:
    """Files that people wrote."""
    return (path for path in files() if not name(path).startswith(GENERATED))


def python(*folders: str) -> Iterator[Path]:
    return (path for path in files() if path.suffix == ".py" and name(path).startswith(folders))


def test_no_file_outgrows_its_room() -> None:
    code = [path for path in written() if path.suffix in (".py", ".html", ".css", ".js") or path.name == "dev"]
    long = {name(path): n for path in code if (n := len(path.read_text().splitlines())) > LONGEST}
    assert not long, f"Over {LONGEST} lines, each asking to become a folder of nouns: {long}"


MOST_ANY = 130
"""Mentions of `Any` in the types of the product."""


def mentions(path: Path) -> Iterator[int]:
    """The lines on which a type is `Any`, which the type checker takes for everything."""
    tree = ast.parse(path.read_text())
    yield from (node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "Any")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\[.*\bAny\b", node.value):
            yield node.lineno


def is_explained(lines: list[str], line: int) -> bool:
    """Whether a comment on the line, or words about `Any` beside it or at the top, say why."""
    words = [*lines[:8], *lines[max(0, line - 11) : line + 5]]
    return "  # " in lines[line - 1] or any("`Any`" in text for text in words)


def test_what_has_any_type_is_rare_and_explained() -> None:
    """With `Any` a misspelt column passes for a right one."""
    found = [(path, line) for path in python("app") for line in mentions(path)]
    unexplained = [
        f"{name(path)}:{line}" for path, line in found if not is_explained(path.read_text().splitlines(), line)
    ]
    assert not unexplained
    assert len(found) <= MOST_ANY, len(found)


UNFINISHED = [word.replace("-", "") for word in ("TO-DO", "FIX-ME", "XX-X", "NotImplemented-Error", "lorem- ipsum")]
"""Written with a hyphen, so that this file is not its own first finding."""


def test_nothing_is_left_unfinished() -> None:
    words = re.compile(r"\b(" + "|".join(UNFINISHED) + r")\b")
    found = [f"{name(path)}: {match}" for path in written() for match in words.findall(path.read_text())]
    assert not found


PLACES = [word.replace("-", "") for word in ("/wo-rk/", "/ro-ot/", "bash_-jobs")]
REGISTRIES = [word.replace("-", "") for word in ("pypi-.org", "python-hosted.org", "npm-js.org", "npm-js.com")]


def test_nothing_names_a_machine_or_a_registry() -> None:
    found = [
        f"{name(path)}: {word}"
        for path in files()
        for word in (*PLACES, *REGISTRIES)
        if word in path.read_text(errors="replace")
    ]
    assert not found


def test_muted_checks_say_why() -> None:
    muted = re.compile(r"#\s*(?:type: ignore|noqa)[^#\n]*(?P<reason>#.*)?$", re.M)
    found = [
        f"{name(path)}: {match.group().strip()}"
        for path in python("app/", "migrations/env")
        for match in muted.finditer(path.read_text())
        if not match["reason"]
    ]
    assert not found


FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "misc", "services", "service"}


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = [name(path) for path in python("app/") if {path.stem, path.parent.name} & FORBIDDEN_NAMES]
    assert not found


# Indexes of large tables are built outside of any request.
MAY_COMMIT = {"app/kernel/db/transaction.py", "app/kernel/db/engine.py", "app/kernel/db/indexes.py"}


def calls(path: Path, method: str) -> Iterator[int]:
    """Lines that call something named `method`."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)) if method in text else ():
        if isinstance(node, ast.Call):
            called = node.func
            if method == (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)):
                yield node.lineno


@pytest.mark.parametrize("method", ["commit"])
def test_only_the_edge_ends_a_transaction(method: str) -> None:
    found = [f"{name(p)}:{line}" for p in python("app/") if name(p) not in MAY_COMMIT for line in calls(p, method)]
    # A savepoint inside one transaction is no commit of it.
    assert [place for place in found if not place.startswith("app/kernel/api/routing.py")] == []


def test_a_posted_form_is_checked() -> None:
    """What a form refuses, no action sees: NUL, a text without end, a value that is none of the choices."""
    sources = {path: text for path in python("app/") if ".post(" in (text := path.read_text())}
    posted = [
        (f"{name(path)}:{node.lineno}", "\n".join(map(ast.unparse, node.body)))
        for path, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and any(".post(" in ast.unparse(each) for each in node.decorator_list)
    ]
    with_form = {place: body for place, body in posted if "Form(" in body}
    assert len(with_form) > 100
    checks = re.compile(r"(?<!\bme\(\))\.(check|validate_on_submit)\(\)")
    assert not [place for place, body in with_form.items() if not checks.search(body)]


SIDE = ("side_transaction", "side_note")
SIDE_TRANSACTION_CALLERS = {
    "app/kernel/db/transaction.py": "is where it stands",
    "app/dashboard/documents/views.py": "who takes a document is written down before its first byte leaves",
    "app/home/audit_views.py": "who takes a copy of the audit is written down before the first row leaves",
    "app/dashboard/csv_export.py": "a copy of a list leaves a note before its first row",
    "app/dashboard/overview_rows.py": "so does a copy of what an overview counted",
    "app/prescreens/views/calibration.py": "so does a copy of a calibration round",
    "app/depositions/views/managers.py": "a copy of the roster leaves a note before its first row",
    "app/prescreens/views/contacts.py": "so does a copy of the list of contacts",
    "app/depositions/views/plan_review.py": "each booking of a plan stands or falls by itself",
    "app/depositions/api.py": "a system that reads its requests knows of them from then on",
    "app/depositions/public/__init__.py": "it is kept that a participant has read the page, or entered",
    "app/inspections/api.py": "a join redeems with a GET, and counts a wrong code that it then refuses",
    "app/dashboard/live.py": "a page that is open says now and then who is looking at it",
    "app/dashboard/saved_views/presentation.py": "a list keeps when its reader last looked at it",
    "app/prescreens/public/files.py": "each file of an answer is committed once it is kept, or is kept by nobody",
    "app/prescreens/views/files.py": "who takes a file of an answer is written down before its first byte leaves",
    "app/inspections/public/evidence.py": "each file is kept and committed by itself, whatever becomes of the others",
    "app/inspections/public/parts.py": "so does the key of a phone",
    "app/inspections/views/evidence.py": "who takes an original is written down before its first byte leaves",
    "app/inspections/public/__init__.py": "so do the field user's pages; once they note that the mail was opened",
}
"""Who may write in a transaction of its own, outlasting a read or a refusal, and what for."""


def test_callers_of_side_transactions_are_listed() -> None:
    found = {name(path) for path in python("app/") if any(any(calls(path, each)) for each in SIDE)}
    unlisted = found - SIDE_TRANSACTION_CALLERS.keys()
    assert not unlisted, "List them in SIDE_TRANSACTION_CALLERS with the reason."


ONE_CLOCK = re.compile(r"datetime\.(?:utc)?now\(|time\.time\(\)|date\.today\(")
MAY_ASK_THE_MACHINE = {"app/kernel/clock.py", "app/kernel/api/rate_limits.py", "app/kernel/api/redis_windows.py"}


def test_there_is_one_clock() -> None:
    found = [name(path) for path in python("app/") if ONE_CLOCK.search(path.read_text())]
    assert set(found) <= MAY_ASK_THE_MACHINE


APART = re.compile("/(email|pdf)/")
"""Templates of what no browser shows under our policy."""


def test_pages_carry_no_inline_style_or_script() -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)|javascript:", re.I)
    pages = [path for path in files() if name(path).startswith("app/templates/") and not APART.search(name(path))]
    found = [f"{name(path)}: {m.group()}" for path in pages for m in inline.finditer(path.read_text())]
    assert not found


def test_there_is_one_writer_of_csv() -> None:
    """It keeps formulas out; another one would forget. Imports only read."""
    importing = re.compile(r"^\s*(?:import csv\b|from csv )", re.M)
    found = {name(path): path.read_text() for path in python("app/", "tools/") if importing.search(path.read_text())}
    assert found.keys() == {"app/depositions/rules/roster_csv.py"}
    assert "writer" not in found["app/depositions/rules/roster_csv.py"]
    answering = {name(path) for path in python("app/") if "text/csv" in path.read_text()}
    assert {each for each in answering if "csv_export.lines(" not in (ROOT / each).read_text()} <= {
        "app/dashboard/csv_export.py"
    }


def test_waiting_in_a_browser_asks_a_function() -> None:
    """An expression holds at the first look only: to look again the browser would need `eval`, which pages forbid."""
    waits = re.compile(r"""wait_for_function\(\s*f?("{3}|"|')(.*?)\1""", re.S)
    asked = [(name(path), m[2]) for path in python("tests/") for m in waits.finditer(path.read_text())]
    found = [f"{where}: {what}" for where, what in asked if "=>" not in what]
    assert not found
