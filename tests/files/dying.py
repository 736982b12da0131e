"""A web process that is killed when it has stored a file and not yet written its row: `python -m tests.files.dying
ADDRESS COOKIES FORM FIELD`. It sends one form with one file, whose bytes come from the file at the end of the
arguments."""

import json
import os
import signal
import sys
from pathlib import Path

from app import create_app
from app.config import Config
from app.inspections import actions as inspections
from app.prescreens import actions as prescreens


def killed(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    address, cookies, form, field, file = sys.argv[1:]
    for actions, name in (
        (inspections, "capture"),
        (inspections, "add_document"),
        (prescreens, "add_files"),
        (prescreens, "add_asked_files"),
    ):
        setattr(actions, name, killed)
    client = create_app(Config.from_env()).test_client(use_cookies=False)
    with Path(file).open("rb") as opened:
        client.post(address, data={**json.loads(form), field: (opened, "IMG_1.jpg")}, headers={"Cookie": cookies})


if __name__ == "__main__":
    main()
