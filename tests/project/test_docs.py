"""What the documents say about the code is true."""

import json
import re
from pathlib import Path

import click

from app.cli import main
from app.config import ENVIRONMENT_NAMES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
OPERATING = (ROOT / "docs" / "operating.md").read_text()
DOCUMENTS = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "bench" / "README.md"]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def test_every_setting_is_explained_once() -> None:
    explained = re.findall(r"^\| `([A-Z0-9_]+)` \|", OPERATING, re.M)
    assert sorted(explained) == sorted(ENVIRONMENT_NAMES)


def test_the_readme_prints_the_requests_that_run_prints() -> None:
    for line in (ROOT / "docs" / "examples" / "requests.txt").read_text().splitlines():
        assert line in README


def test_the_readmes_map_names_every_package() -> None:
    for path in sorted((ROOT / "app").iterdir()):
        if path.name.startswith(("_", ".")) or not path.is_dir():
            continue
        assert f"{path.name}/" in README, f"The README's map does not show app/{path.name}/."
    for name in ("dev", "wsgi.py", "docs/", "deploy/", "migrations/", "bench/", "tests/", "tools/"):
        assert name in README


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")]
        for target in LINK.findall(path.read_text())
        if not (path.parent / target).exists()
    ]
    assert not broken


def test_the_recipes_name_files_that_exist() -> None:
    recipes = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"`((?:app|docs|deploy|migrations|tests|tools)/[\w./-]+)`", recipes)
    assert len(named) > 30
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_documents_name_files_that_exist() -> None:
    named = {
        (str(path.relative_to(ROOT)), found)
        for path in DOCUMENTS
        for found in re.findall(r"`((?:app|bench|deploy|docs|migrations|tests|tools)/[\w./-]+)`", path.read_text())
    }
    assert len(named) > 60
    assert {each for each in named if not (ROOT / each[1]).exists()} == set()


def test_documents_name_commands_and_options_that_exist() -> None:
    found = 0
    for path in DOCUMENTS:
        text = path.read_text()
        lines = re.findall(r"^    (?:.* )?desk ([a-z].*)$", text, re.M) + re.findall(r"`desk\s+([a-z][^`]*)`", text)
        for line in lines:
            node: click.Command = main
            words = re.sub(r"  #.*|&&.*|[\[\]…]", "", line).split()
            while isinstance(node, click.Group) and words:
                name = words.pop(0).partition("|")[0]
                assert name in node.commands, f"{path.name}: desk {line}"
                node = node.commands[name]
            options = {name for each in node.params for name in [*each.opts, *each.secondary_opts]} | {"--help"}
            assert {word for word in words if word.startswith("--")} <= options, f"{path.name}: desk {line}"
            found += 1
    assert found > 80


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_documents_named_in_code_exist() -> None:
    named = {
        found
        for path in (ROOT / "app").rglob("*.py")
        for found in re.findall(r"\bdocs/[\w./-]+\.md\b", path.read_text())
    }
    assert not {name for name in named if not (ROOT / name).exists()}


def test_production_starts_from_files_that_name_real_commands() -> None:
    texts = [path.read_text() for path in (ROOT / "deploy").iterdir()]
    commands = {word for text in texts for word in re.findall(r"app\.cli (\w+)", text)}
    cli = (ROOT / "app" / "cli.py").read_text()
    assert commands >= {"serve", "worker", "db"}
    assert all(f'"{command}"' in cli or f"def {command}(" in cli for command in commands)


def test_the_examples_are_the_documents_own() -> None:
    lines = (ROOT / "docs" / "examples" / "requests.txt").read_text().splitlines()
    assert len(lines) == 3
    assert all(line.startswith("curl ") for line in lines)
    bodies = [json.loads(found[1]) for line in lines if (found := re.search(r"-d '(.*)'$", line))]
    assert bodies[0]["session_request"]["remote_session"]["title"] == "Example Remote Session Request"
    assert bodies[1]["notes"].startswith("Vehicle damage")
