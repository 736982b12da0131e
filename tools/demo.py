"""The demo site: a development Session Desk with demo data, its processes running."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import authority
from tools.processes import Processes, need_free_port, web_and_worker
from tools.settings import desk, settings
from tools.signals import StopSignals

AUTHORITY = "demo-authority"
"""The folder of the demo authority, beside the data."""


@dataclass(frozen=True)
class Demo:
    """The demo site before it runs: its environment, and the demo cast as `desk demo load` prints it."""

    folder: Path
    port: int
    env: dict[str, str]
    cast: dict[str, Any]
    authority: int | None = None
    """The port of the demo authority, where one runs beside the site."""

    @property
    def base(self) -> str:
        return self.env["PUBLIC_BASE_URL"]

    def credential(self, product: str, role: str) -> tuple[str, str]:
        """Slug and key of the organization whose queue the printed person with this role sees."""
        home = next(person["organization"] for person in self.cast["people"] if person["role"] == role)
        owner = next(one for one in self.cast["organizations"] if home in (None, one["slug"]))
        return owner["slug"], next(key["key"] for key in owner["keys"] if key["product"] == product)


def load(folder: Path, port: int, *, stamps: bool = False) -> Demo:
    """Migrates the database in `folder` and loads the demo data into it. Repeating changes nothing.

    With `stamps` a demo authority stamps what ends, unless the settings name another or there is no openssl.
    """
    need_free_port(port)
    env, at = settings(folder, port), None
    if stamps and not env.get("TSA_URLS") and authority.prepare(folder / AUTHORITY):
        at = port + 1
        need_free_port(at)
        env |= authority.settings(folder / AUTHORITY, at)
    desk(env, "db", "upgrade")
    return Demo(folder, port, env, json.loads(desk(env, "demo", "load", "--json")), at)


@contextmanager
def open_site(demo: Demo, signals: StopSignals) -> Iterator[Processes]:
    """Web and worker, answering. Both are stopped at the end, however it comes."""
    commands = web_and_worker(demo.port)
    if demo.authority is not None:
        commands["authority"] = authority.command(demo.folder / AUTHORITY, demo.authority)
    with Processes(commands, demo.env, demo.folder, signals) as processes:
        processes.wait_until_ready(demo.port)
        yield processes
