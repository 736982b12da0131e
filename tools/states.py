"""Draws docs/states.md from the transition tables of the desks, and says whether the file is stale."""

from pathlib import Path

import click

from app.depositions.rules import transitions as depositions
from app.inspections import rules as inspections
from app.prescreens.rules import review as prescreens

FILE = Path(__file__).resolve().parents[1] / "docs" / "states.md"

HEAD = """# States

Drawn from the `TRANSITIONS` tables in the rules of each desk by `./dev generate`; a test fails when this page
is stale. The word on an arrow is the verb: the button, the address, the action and the test file have the same name.
"""


def diagram(
    title: str, where: str, first: list[str], transitions: dict[str, dict[str, str]], timed: dict[str, str]
) -> str:
    """One desk's state diagram in Mermaid."""
    lines = [f"    [*] --> {state}" for state in first]
    for state, verbs in transitions.items():
        for target in dict.fromkeys(verbs.values()):
            names = ", ".join(verb for verb, to in verbs.items() if to == target)
            lines.append(f"    {state} --> {target}: {names}")
    lines += [f"    {state} --> {target}: (time)" for state, target in timed.items()]
    reached = set(timed.values()) | {target for verbs in transitions.values() for target in verbs.values()}
    final = [state for state, verbs in transitions.items() if not verbs and state in reached]
    lines += [f"    {state} --> [*]" for state in final]
    return "\n".join([f"## {title}", "", f"From `{where}`.", "", "```mermaid", "stateDiagram-v2", *lines, "```", ""])


def page() -> str:
    """The whole page."""
    parts = [
        HEAD,
        diagram(
            "Depositions", "app/depositions/rules/transitions.py", ["initial", "ready"], depositions.TRANSITIONS, {}
        ),
        diagram(
            "Prescreens",
            "app/prescreens/rules/review.py",
            ["draft"],
            prescreens.TRANSITIONS,
            prescreens.TIMED_TRANSITIONS,
        ),
        diagram(
            "Inspections",
            "app/inspections/rules.py",
            ["created"],
            inspections.TRANSITIONS,
            inspections.TIMED_TRANSITIONS,
        ),
    ]
    return "\n".join(parts)


def main() -> None:
    """Writes the page."""
    FILE.write_text(page())
    click.echo(f"{FILE.name} is fresh.")


if __name__ == "__main__":
    main()
