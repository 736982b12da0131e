"""Commands that are started at once, in a folder that no one has used before."""

import os
import subprocess
import sys
from pathlib import Path

from tools import ROOT

AT_ONCE = 12
SETTINGS = "import sys, json; from pathlib import Path; from tools.settings import settings; "
READ = SETTINGS + "sys.stdin.readline(); print(json.dumps(settings(Path(sys.argv[1]))['SECRET_KEY']))"


def test_all_of_them_start_and_have_the_same_secrets(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    names = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", READ, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    begun = [subprocess.Popen(command, env=names, text=True, **pipes) for _ in range(AT_ONCE)]  # type: ignore[call-overload]
    for process in begun:  # All have been imported what they need; now they go.
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate() for process in begun]
    assert [complained for _, complained in ended] == [""] * AT_ONCE
    assert len({printed for printed, _ in ended}) == 1
    assert [path.name for path in folder.iterdir()] == ["settings.env"]
    assert (folder / "settings.env").stat().st_mode & 0o777 == 0o600
