"""Tests that share what a worker makes for them follow one another (tests/distribution.py)."""

import random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests import distribution


def item(name: str, *fixtures: str) -> Any:
    return SimpleNamespace(nodeid=name, fixturenames=fixtures)


@pytest.mark.parametrize("seed", range(5))
def test_those_alike_but_for_their_database_are_neighbours(seed: int) -> None:
    calls = [item(f"api[{kind}-{case}]", "generated") for kind in ("sqlite", "postgresql") for case in "ab"]
    old = [item(f"old{number}", "upgraded") for number in range(3)]
    others = [item(f"other{number}", "database") for number in range(6)]
    items = random.Random(seed).sample(calls + old + others, 13)
    found = [each.nodeid for each in distribution.gathered(cast(Any, items))]
    assert sorted(found) == sorted(each.nodeid for each in items)
    at = min(map(found.index, (each.nodeid for each in calls)))
    cases = [name.removesuffix("]")[-1] for name in found[at : at + 4]]
    assert cases == ["a", "a", "b", "b"]
    at = min(map(found.index, (each.nodeid for each in old)))
    assert sorted(found[at : at + 3]) == ["old0", "old1", "old2"]
    assert [name for name in found if "other" in name] == [each.nodeid for each in items if each in others]
