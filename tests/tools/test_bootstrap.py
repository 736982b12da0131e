"""`dev` itself: it makes the environment, keeps package managers quiet unless they fail, and becomes the tool.

A project of its own with one small package stands in for this one, so that pip really installs, without a network.
"""

import ast
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tools import ROOT
from tools.__main__ import TOOLS

DEV = ROOT / "dev"
LONGEST = 250
pytestmark = pytest.mark.timeout(300)

ECHO = """
import json, os, sys
names = ("PYTHONPATH", "CI")
print(json.dumps({"given": sys.argv[1:], "python": sys.executable, "at": os.getcwd(), "path": sys.path[:2],
                  **{name: os.environ.get(name) for name in names}}))
"""
"""Stands in for the tools: says how it was started."""


def wheel(folder: Path) -> str:
    """Writes a small package into `folder`; returns its line of a lock file."""
    path = folder / "quartz-1.0-py3-none-any.whl"
    files = {
        "quartz.py": "",
        "quartz-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: quartz\nVersion: 1.0\n",
        "quartz-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{name},{hashed(text)},{len(text)}\n" for name, text in files.items()]
    files["quartz-1.0.dist-info/RECORD"] = "".join([*record, "quartz-1.0.dist-info/RECORD,,\n"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return f"quartz==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def hashed(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


class Project:
    """A folder with `dev`, its two locks and a stand-in for the tools."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stamp = folder / ".venv" / "installed.json"
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        self.lock = wheel(self.wheels)
        shutil.copy(DEV, folder)
        (folder / "requirements.txt").write_text(self.lock)
        (folder / "requirements-dev.txt").write_text(self.lock + "# and more\n")
        (folder / "tools").mkdir()
        (folder / "tools" / "__main__.py").write_text(ECHO)

    def start(self, *arguments: str, at: Path | None = None, first: str = "", **names: str) -> "subprocess.Popen[str]":
        """`./dev` with these arguments; `first` are statements that change the Python it runs in."""
        code = f"import runpy, sys; sys.argv = {['dev', *arguments]!r}; {first}\n"
        code += f"runpy.run_path({str(self.folder / 'dev')!r}, run_name='__main__')"
        locations = f"{self.wheels} {self.folder / 'there' / 'is' / 'nothing'}"
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": locations, "PIP_CONFIG_FILE": os.devnull}
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=at or self.folder.parent,
            env={**os.environ, "CI": "", **pip, **names},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def dev(self, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        process = self.start(*arguments, **options)
        printed, complained = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, printed, complained)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str, str]:
    """A project whose environment `./dev run` has made, and its stamps after that and after `./dev sure`."""
    folder = tmp_path_factory.mktemp("project")
    project = Project(folder)
    done = project.dev("run", "--port", "1", at=folder.parent)
    assert done.returncode == 0, done.stderr
    # pip has complained about the location that is not there.
    assert done.stderr == "Installing the packages of requirements.txt into .venv; the first time takes a minute.\n"
    assert json.loads(done.stdout) == {
        "given": ["run", "--port", "1"],
        "python": str(folder / ".venv" / "bin" / "python"),
        "at": str(folder.parent),
        "path": [str(folder), json.loads(done.stdout)["path"][1]],
        "PYTHONPATH": str(folder),
        "CI": "",
    }
    assert (folder / ".venv" / "bin" / "desk").stat().st_mode & 0o111
    first = project.stamp.read_text()
    reinstalls(project, "sure")
    return project, first, project.stamp.read_text()


@pytest.fixture
def installed(made: tuple[Project, str, str]) -> Project:
    """A project with an environment for production."""
    project, first, _ = made
    (project.folder / "requirements.txt").write_text(project.lock)
    project.stamp.write_text(first)
    return project


@pytest.fixture
def developing(installed: Project, made: tuple[Project, str, str]) -> Project:
    """A project with an environment for development."""
    installed.stamp.write_text(made[2])
    return installed


def quiet(project: Project, *arguments: str, **options: Any) -> None:
    """It starts the tool, and nothing else is printed."""
    done = project.dev(*arguments, **options)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["given"] == list(arguments)


def reinstalls(project: Project, *arguments: str, **options: Any) -> None:
    done = project.dev(*arguments, **options)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Installing the packages of ")
    assert json.loads(done.stdout)["given"] == list(arguments)


def test_it_needs_the_standard_library_only_and_stays_small() -> None:
    imports = [node for node in ast.walk(ast.parse(DEV.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in imports if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert len(DEV.read_text().splitlines()) <= LONGEST


def test_it_knows_what_each_tool_needs() -> None:
    needs = next(
        node.value
        for node in ast.parse(DEV.read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NEEDS"
    )
    assert isinstance(needs, ast.Dict)
    assert [ast.literal_eval(key) for key in needs.keys if key] == list(TOOLS)


def test_the_second_start_prints_nothing(installed: Project) -> None:
    quiet(installed, "run")
    quiet(installed, "desk", "token", "--json")


def test_a_module_of_the_current_folder_is_not_taken_for_the_tools(installed: Project, tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("raise SystemExit('the wrong one')")
    quiet(installed, "run", at=tmp_path)


def test_a_changed_lock_and_a_broken_environment_are_noticed(installed: Project) -> None:
    lock = installed.folder / "requirements.txt"
    lock.write_text(f"{lock.read_text()}# changed\n")
    reinstalls(installed, "run")
    python = installed.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/no/such/python")
    reinstalls(installed, "run")
    quiet(installed, "run")


def test_an_environment_of_another_python_is_made_anew(installed: Project) -> None:
    lock, left, python, another = (
        installed.folder / name for name in ("requirements.txt", ".venv/left", ".venv/bin/python", "another")
    )
    left.touch()
    lock.write_text(f"{lock.read_text()}# changed\n")
    reinstalls(installed, "run")
    assert left.exists(), "the same Python: kept"
    another.write_text(f'#!/bin/sh\nexec {python.resolve()} "$@"\n')
    another.chmod(0o755)
    python.unlink()
    python.symlink_to(another)
    lock.write_text(f"{lock.read_text()}# changed again\n")
    reinstalls(installed, "run")
    assert not left.exists()


def test_the_development_lock_serves_both_purposes(developing: Project) -> None:
    quiet(developing, "sure")
    quiet(developing, "run")


def test_two_at_once_take_turns(installed: Project) -> None:
    installed.stamp.unlink()
    both = [installed.start("run"), installed.start("run")]
    ended = [(*process.communicate(), process.returncode) for process in both]
    assert [code for _printed, _complained, code in ended] == [0, 0]
    assert sum("Installing" in complained for _printed, complained, _code in ended) == 1


def test_what_pip_says_is_shown_when_it_fails(installed: Project) -> None:
    project = installed
    project.stamp.unlink()
    (project.folder / "requirements.txt").write_text(project.lock.replace("quartz", "obsidian"))
    done = project.dev("run")
    assert (done.returncode, done.stdout) == (1, "")
    for words in ("No matching distribution found for obsidian", "is ignored", "could not be installed", "PIP_INDEX"):
        assert words in done.stderr
    assert not project.stamp.exists(), "the next try must start again"


APT_GET = """#!/bin/sh
echo "Selecting previously unselected package $*"
echo "debconf: delaying package configuration" >&2
test "$DEBIAN_FRONTEND" = noninteractive || exit 3
"""
"""Stands in for apt-get, which may not change the machine that tests."""


def with_apt_get(folder: Path, body: str) -> dict[str, str]:
    """What makes `./dev` ask this apt-get, and find no program but it and what it installs."""
    folder.mkdir()
    (folder / "apt-get").write_text(APT_GET + body)
    (folder / "apt-get").chmod(0o755)
    for program in ("sh", "chmod", "touch"):
        (folder / program).symlink_to(str(shutil.which(program)))
    return {"PATH": str(folder), "first": "import os; os.geteuid = lambda: 0", "CHROMIUM": "/no/browser/but/named"}


def test_a_debian_package_is_installed_without_a_word_of_apt_get(developing: Project, tmp_path: Path) -> None:
    place = tmp_path / "bin"
    # As on a machine that never read the lists of packages: the first install fails, `update` helps.
    body = f"""
    case "$1" in update) touch {place}/lists; exit 0;; esac
    test -e {place}/lists || {{ echo "E: Unable to locate package" >&2; exit 100; }}
    touch {place}/wrk; chmod +x {place}/wrk
    """
    done = developing.dev("bench", **with_apt_get(place, body))
    assert done.returncode == 0, done.stderr
    assert done.stderr == "Installing the Debian package wrk: The load generator wrk is missing.\n"
    assert json.loads(done.stdout)["given"] == ["bench"]


def test_what_apt_get_says_is_shown_when_it_fails(developing: Project, tmp_path: Path) -> None:
    done = developing.dev("bench", **with_apt_get(tmp_path / "bin", 'echo "E: Failed to fetch" >&2; exit 100'))
    assert (done.returncode, done.stdout) == (1, "")
    assert "E: Failed to fetch" in done.stderr
    assert done.stderr.endswith("The load generator wrk is missing: install the Debian package wrk.\n")


@pytest.mark.parametrize("there", [True, False])
def test_the_cheaper_browser_is_taken_where_it_can_be_had(developing: Project, tmp_path: Path, there: bool) -> None:
    place = tmp_path / "bin"
    shell = place / "chromium-headless-shell"
    body = f"""
    case "$*" in *" chromium-headless-shell") ;; *) exit 100;; esac
    {f"touch {shell}; chmod +x {shell}" if there else "exit 100"}
    """
    names = {**with_apt_get(place, body), "CHROMIUM": ""}
    (place / "chromium").write_text("")
    (place / "chromium").chmod(0o755)
    done = developing.dev("test", "-x", **names)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["given"] == ["test", "-x"]
    assert shell.exists() == there
    assert ("It cannot be had here; the tests do without it." in done.stderr) == (not there)
    again = developing.dev("test", "--quick", **names)
    assert "headless" not in again.stderr


@pytest.mark.parametrize("ci", ["", "true"])
def test_without_a_browser_tests_are_left_out_but_not_in_ci(developing: Project, tmp_path: Path, ci: str) -> None:
    (tmp_path / "bin").mkdir()
    nothing = {"PATH": str(tmp_path / "bin"), "CHROMIUM": "", "CI": ci}
    done = developing.dev("test", "-x", **nothing)
    assert "install the Debian package chromium" in done.stderr
    assert ("What needs it is skipped." in done.stderr) == (not ci)
    assert done.returncode == bool(ci)
    assert bool(done.stdout) == (not ci)
    quiet(developing, "test", "--quick", "-x", **nothing)
    shots = developing.dev("shots", **nothing)
    assert (shots.returncode, shots.stdout) == (1, "")
    assert "install the Debian package chromium" in shots.stderr
