"""The process that starts the web processes: it replaces them, and it ends as it should."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from app.serving.supervisor import LONGEST_DELAY, delay
from tests.servers import ROOT
from tests.serving.sockets import LONGEST, SmallSite, answer, connect, get, head, small_site


def test_the_delay_grows_up_to_a_limit() -> None:
    assert [delay(deaths) for deaths in (1, 2, 3, 4)] == [0, 1, 2, 4]
    assert delay(10_000) == LONGEST_DELAY


def crash(site: SmallSite) -> None:
    with connect(site.port, head("GET", "/crash")) as client:
        assert answer(client) == b""


def test_a_web_process_is_replaced_however_often_it_dies(tmp_path: Path) -> None:
    with small_site(tmp_path) as site:
        seen = set()
        for _ in range(4):
            web, main = map(int, get(site.port, "/who")[1].split())
            assert main == site.process.pid
            seen.add(web)
            crash(site)
            site.wait_until_it_answers()
        assert len(seen) == 4
        site.wait_for_log("web process ended", times=4)
    assert site.process.returncode == 0


def test_a_stop_finishes_what_was_accepted_and_waits_for_no_slow_client(tmp_path: Path) -> None:
    with small_site(tmp_path, threads=3) as site:
        half = head("POST", "/echo/a", "Content-Length: 100") + b"abc"
        with connect(site.port, head("GET", "/slow")) as accepted, connect(site.port, half) as slow:
            site.wait_for_log("slow begins")
            site.process.terminate()
            assert answer(accepted).endswith(b"done")
            assert b" 408 " in answer(slow)
        assert site.process.wait(LONGEST) == 0


def test_a_process_that_is_being_started_can_be_stopped(tmp_path: Path) -> None:
    with small_site(tmp_path, workers=2) as site:
        psutil.Process(site.process.pid).children()[0].kill()
        site.wait_for_log("web process ended")
        site.process.terminate()
        assert site.process.wait(LONGEST) == 0


FORKS = """
import os, signal
from app.serving.supervisor import keep_stops_while_forking
signal.signal(signal.SIGTERM, lambda *_: print("swallowed", flush=True))
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
keep_stops_while_forking()
if (child := os.fork()) == 0:
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_a_stop_is_not_lost_while_a_process_forks() -> None:
    done = subprocess.run([sys.executable, "-c", FORKS], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "swallowed\n"), "Only the main process has a handler."


def test_a_killed_main_process_leaves_nothing_behind(tmp_path: Path) -> None:
    with small_site(tmp_path) as site:
        web, _ = map(int, get(site.port, "/who")[1].split())
        site.process.send_signal(signal.SIGKILL)
        ends = time.monotonic() + LONGEST
        while psutil.pid_exists(web) and psutil.Process(web).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < ends, "The web process serves on."
            time.sleep(0.02)
