"""deploy/*.service as systemd reads them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import serving
from tests.conftest import missing
from tests.servers import ROOT

UNITS = sorted((ROOT / "deploy").glob("*.service"))
MOST_EXPOSED = 20
"""Tenths on the scale of `systemd-analyze security`, where 10.0 is a service without any restriction."""


@pytest.fixture(autouse=True)
def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        missing("systemd-analyze is missing: install the Debian package systemd.")
    return str(found)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong(systemd_analyze: str, tmp_path: Path, unit: Path) -> None:
    here = unit.read_text().replace("/srv/session-desk/.venv/bin/python", sys.executable)
    (tmp_path / unit.name).write_text(here.replace("/srv/session-desk", str(tmp_path)))
    names = [str(tmp_path / unit.name)]
    done = subprocess.run([systemd_analyze, "verify", "--man=no", *names], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    secure = [systemd_analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", *names]
    done = subprocess.run(secure, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_stop_has_time_and_a_start_is_tried_for_ever(unit: Path) -> None:
    text = unit.read_text()
    assert int(re.findall(r"^TimeoutStopSec=(\d+)$", text, re.M)[0]) > serving.SHUTDOWN_SECONDS
    assert "\nRestart=always\n" in text
    assert "\nStartLimitIntervalSec=0\n" in text
    if "\nExecStartPre=" in text:
        assert "\nTimeoutStartSec=infinity\n" in text


def test_a_container_that_is_printed_to_run_on_is_started_again() -> None:
    printed = (ROOT / "deploy" / "Containerfile").read_text().splitlines()
    lasting = [line for line in printed if line.startswith("#") and "--detach" in line]
    assert len(lasting) == 2, "web and worker"
    assert all("--restart=always" in line for line in lasting)
