"""Scripts: each module says what it is, and holds nothing that is not used."""

import re
from pathlib import Path

import pytest

JS = Path(__file__).parents[2] / "app/static/js"
ENTRIES = {
    "dashboard.js",
    "public.js",
    "passkeys.js",
    "session-state.js",
    "camera-test.js",
    "field-news.js",
    "capture.js",
    "capture-worker.js",
    "offered-hours.js",
    "verify.js",
}
MODULES = {path.relative_to(JS).as_posix(): path.read_text("utf-8") for path in sorted(JS.rglob("*.js"))}
IMPORTED = re.compile(r'^import \{ ([^}]*) \} from "([^"]+)"', re.M)
EXPORTED = re.compile(r"^export (?:async )?(?:const|let|function) ([\w$]+)", re.M)
DECLARED = re.compile(r"^(?:async )?(?:const|let|function|class) ([\w$]+)", re.M)

every_module = pytest.mark.parametrize("name", MODULES)


def imports(name: str) -> dict[str, set[str]]:
    """Names that a module imports, by the module they come from."""
    found = IMPORTED.findall(MODULES[name])
    here = (JS / name).parent
    return {(here / other).resolve().relative_to(JS).as_posix(): set(names.split(", ")) for names, other in found}


def uses(text: str, word: str) -> int:
    return len(re.findall(rf"(?<![\w$.]){re.escape(word)}(?![\w$])", text))


@every_module
def test_a_module_says_what_it_is(name: str) -> None:
    assert re.match(r"/\*\* [A-Z\"].*?\.? \*/\n\n", MODULES[name], re.S)


@every_module
def test_what_a_module_imports_and_declares_is_used(name: str) -> None:
    text = MODULES[name]
    words = {word for names in imports(name).values() for word in names} | set(DECLARED.findall(text))
    assert not {word for word in words if uses(text, word) < 2}


@every_module
def test_what_a_module_exports_is_imported(name: str) -> None:
    wanted = {word for other in MODULES for word in imports(other).get(name, ())}
    exported = set(EXPORTED.findall(MODULES[name]))
    assert exported == wanted, "Export what is imported elsewhere, and nothing else."


@every_module
def test_storage_which_a_browser_may_forbid_is_touched_in_one_module(name: str) -> None:
    assert name == "storage.js" or not re.search(r"(session|local)Storage", MODULES[name])


def test_every_module_is_reached_from_an_entry() -> None:
    reached, todo = set(), list(ENTRIES)
    while todo:
        name = todo.pop()
        reached.add(name)
        paths = re.findall(r'(?:from|^import) "([^"]+)"', MODULES[name], re.M)
        here = (JS / name).parent
        todo += {(here / path).resolve().relative_to(JS).as_posix() for path in paths} - reached
    assert reached == MODULES.keys()
