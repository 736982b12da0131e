"""Whoever changes a setting, a role or a hold leaves an event that says what was before and what is after."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTING = re.compile(r"(change|switch|set|choose|give_role|take_role|disable|enable|place|release|hold)(_|$)")
"""Verbs of actions that set something; a new one of these names is found by itself."""

NO_SETTING = {
    "change_password": "a secret has neither",
    "choose_layout": "how wide one's own list is",
    "change_manager": "who manages one session: its event names both managers, each in a word of its own",
    "change_room": "a room's address is a secret",
    "change_session": "who takes part in one session: its event lists who was added and who was removed",
}


def actions() -> Iterator[tuple[str, str, set[str]]]:
    """Each action that sets something: its file, its name, and the words that it and what it calls beside it write."""
    files = [
        *ROOT.glob("app/*/actions/*.py"),
        *ROOT.glob("app/*/actions.py"),
        *ROOT.glob("app/*/saved_views/actions.py"),
    ]
    for file in sorted(files):
        functions = {each.name: each for each in ast.parse(file.read_text()).body if isinstance(each, ast.FunctionDef)}
        for name in functions:
            if SETTING.match(name) and name not in NO_SETTING:
                yield str(file.relative_to(ROOT)), name, words(name, functions, set())


def words(name: str, functions: dict[str, ast.FunctionDef], seen: set[str]) -> set[str]:
    seen.add(name)
    found: set[str] = set()
    for node in ast.walk(functions[name]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Name) and node.id in functions and node.id not in seen:
            found |= words(node.id, functions, seen)
    return found


FOUND = list(actions())


def test_settings_are_found() -> None:
    assert {"change", "switch_measure", "change_wording", "change_subjects", "give_role", "hold_item"} <= {
        name for _, name, _ in FOUND
    }


@pytest.mark.parametrize(("file", "name", "written"), FOUND, ids=[f"{file}-{name}" for file, name, _ in FOUND])
def test_its_event_says_before_and_after(file: str, name: str, written: set[str]) -> None:
    assert {"before", "after"} <= written, f"{name} in {file} records no event with before and after"
