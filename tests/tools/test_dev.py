"""The entry script: what stands in its way is said in a sentence, with an exit code, never as a traceback."""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from tests.servers import free_port
from tools.__main__ import TOOLS

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / "dev"
pytestmark = pytest.mark.timeout(300)


def dev(*arguments: str, at: Path = DEV, **names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(at), *arguments], env={**os.environ, **names}, capture_output=True, text=True
    )


def as_if(preparation: str, *arguments: str, **names: str) -> subprocess.CompletedProcess[str]:
    """Runs the script in a Python that was changed by `preparation` first."""
    start = f"runpy.run_path({str(DEV)!r}, run_name='__main__')"
    code = f"import runpy, sys; {preparation}; sys.argv = {['dev', *arguments]!r}; {start}"
    return subprocess.run([sys.executable, "-c", code], env={**os.environ, **names}, capture_output=True, text=True)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode not in (0, 2), done
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    assert done.stdout == ""


def test_alone_it_describes_every_tool_and_needs_no_environment_for_that(tmp_path: Path) -> None:
    shutil.copy(DEV, tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    done = dev(at=tmp_path / "dev")
    assert done.returncode == 0
    for tool in ("run", "test", "sure", "generate", "bench", "faults", "shots", "desk"):
        assert f"./dev {tool} " in done.stdout
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    "arguments", [(tool, "--help") for tool in TOOLS] + [("test", "-x", "-h"), ("desk", "serve", "--help")]
)
def test_help_is_printed_and_nothing_else_is_done(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    shutil.copy(DEV, tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    before = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if "__pycache__" not in path.parts}
    done = dev(*arguments, at=tmp_path / "dev")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: ./dev {arguments[0]}")
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if "__pycache__" not in path.parts} == before


def test_help_of_a_program_is_its_own_where_its_packages_are() -> None:
    for arguments, words in ((("desk", "serve", "--help"), "--workers"), (("bench", "-h"), "--duration")):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tools", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 0, done.stderr
        assert words in done.stdout


def test_an_unknown_tool_is_named() -> None:
    done = dev("rum")
    assert done.returncode == 2
    assert "rum" in done.stderr


def test_an_old_python_can_read_it_and_is_told() -> None:
    ast.parse(DEV.read_text(), feature_version=(3, 6))
    refused(as_if("sys.version_info = (3, 8, 10, 'final', 0)", "run"), "Python 3.11", "3.8")


def test_a_busy_port() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused(dev("run", "--port", port), port, "another program has it", "--port")


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_is_none(port: str) -> None:
    refused(dev("run", "--port", port), port)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    port = str(free_port())
    refused(dev("run", "--port", port, "--data", str(tmp_path / "file" / "data")), "cannot be written", "--data")
    refused(dev("run", "--port", port, "--data", "/proc/session-desk"), "cannot be written", "--data")


def test_damaged_settings_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_text("nonsense\n")
    refused(dev("desk", "--data", str(tmp_path), "token"), "settings.env", "damaged")
    assert (tmp_path / "settings.env").read_text() == "nonsense\n"


def test_a_python_without_venv(tmp_path: Path) -> None:
    alone = tmp_path / "dev"
    shutil.copy(DEV, alone)
    for lock in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / lock, tmp_path)
    hide = "import importlib.util as u; u.find_spec = lambda name: None"
    code = f"import runpy, sys; {hide}; sys.argv = ['dev', 'sure']; runpy.run_path({str(alone)!r}, run_name='__main__')"
    nothing = {**os.environ, "PATH": str(tmp_path)}  # no apt-get there
    done = subprocess.run([sys.executable, "-c", code], env=nothing, capture_output=True, text=True)
    refused(done, "python3-venv")


def as_a_module() -> ModuleType:
    """The script's functions; nothing is started."""
    loader = SourceFileLoader("dev_script", str(DEV))
    module = module_from_spec(spec_from_loader("dev_script", loader) or pytest.fail("no script"))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("configured", "prefix", "works", "taken"),
    [
        ("'--enable-shared'", "/home/of/pyenv", True, True),
        ("'--enable-shared'", "/home/of/pyenv", False, False),  # a distribution that leaves out venv
        ("'--enable-optimizations' '--with-lto'", "/usr/local", True, False),
        ("'--enable-shared'", "/usr", True, False),  # the distribution's own: it optimizes in its own way
        (None, "/home/of/pyenv", True, False),  # nobody says how it was compiled
    ],
)
def test_a_python_compiled_without_optimizations_gives_way_to_the_distributions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, configured: str | None, prefix: str, works: bool, taken: bool
) -> None:
    script = as_a_module()
    other = tmp_path / "python"
    other.write_text(f"#!/bin/sh\nexit {0 if works else 1}\n")
    other.chmod(0o755)
    monkeypatch.setattr(script, "DISTRIBUTION", other)
    monkeypatch.setattr(script.sysconfig, "get_config_var", lambda name: configured)
    monkeypatch.setattr(script.sys, "base_prefix", prefix)
    assert script.interpreter() == (str(other) if taken else sys.executable)
    monkeypatch.setattr(script, "DISTRIBUTION", tmp_path / "nowhere")
    assert script.interpreter() == sys.executable


def test_locks_are_hashed_and_name_no_registry() -> None:
    production, development = pins("requirements.txt"), pins("requirements-dev.txt")
    assert production.items() <= development.items(), "dev installs the larger lock for both purposes"
    for lock in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        entries = re.findall(r"^\S+==.*?(?=^\S|\Z)", text, re.M | re.S)
        assert entries
        assert all("--hash=sha256:" in entry for entry in entries)


def test_the_wheel_holds_the_app_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["app"]


def test_ci_runs_the_suite_and_skips_nothing() -> None:
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert os.access(DEV, os.X_OK)
    text = run.read_text()
    assert "set -euo pipefail" in text
    assert "CI=true" in text
    assert "./dev test" in text


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", (ROOT / lock).read_text(), re.M))
