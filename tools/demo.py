"""The demo site: a development Session Desk with demo data, its processes running."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.processes import Processes, need_free_port, web_and_worker
from tools.settings import desk, settings
from tools.signals import StopSignals


@dataclass(frozen=True)
class Demo:
    """The demo site before it runs: its environment, and the demo cast as `desk demo load` prints it."""

    folder: Path
    port: int
    env: dict[str, str]
    cast: dict[str, Any]

    @property
    def base(self) -> str:
        return self.env["PUBLIC_BASE_URL"]

    def credential(self, product: str, role: str) -> tuple[str, str]:
        """Slug and key of the organization whose queue the printed person with this role sees."""
        home = next(person["organization"] for person in self.cast["people"] if person["role"] == role)
        owner = next(one for one in self.cast["organizations"] if home in (None, one["slug"]))
        return owner["slug"], next(key["key"] for key in owner["keys"] if key["product"] == product)


def load(folder: Path, port: int) -> Demo:
    """Migrates the database in `folder` and loads the demo data into it. Repeating changes nothing."""
    need_free_port(port)
    env = settings(folder, port)
    desk(env, "db", "upgrade")
    return Demo(folder, port, env, json.loads(desk(env, "demo", "load", "--json")))


@contextmanager
def open_site(demo: Demo, signals: StopSignals) -> Iterator[Processes]:
    """Web and worker, answering. Both are stopped at the end, however it comes."""
    with Processes(web_and_worker(demo.port), demo.env, demo.folder, signals) as processes:
        processes.wait_until_ready(demo.port)
        yield processes
