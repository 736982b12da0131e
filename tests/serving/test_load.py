"""What the main process loads before it forks web processes: all that they share, and nothing that cannot be shared."""

import json
import subprocess
import sys

from app.kernel.db.engine import Database
from tests.servers import ROOT, environment

PROGRAM = """
import gc, json, sys, threading
import psutil
from app import serving
from app.config import Config
from app.kernel.db.engine import Base

app = serving.load(Config.from_env())
me = psutil.Process()
print(json.dumps({
    "threads": threading.active_count(),
    "connections": len(me.net_connections()),
    "files": [file.path for file in me.open_files() if "sqlite" in file.path],
    "again": serving.load(Config.from_env()) is app,
    "left to do": [mapper.class_.__name__ for mapper in Base.registry.mappers if not mapper.configured]
    + [app.url_map._remap],
    "templates": type(app.jinja_env.cache).__name__,
    "collected": [gc.isenabled(), gc.get_freeze_count() > 100_000],
    "heavy": sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[1:])),
}))
"""
SELDOM = (
    *("c2pa", "highspy", "icalendar", "imap_tools", "limits", "numpy"),
    *("obstore", "PIL", "pillow_heif", "redis", "segno", "weasyprint"),
)
"""Libraries that hardly any request needs: each is imported where it is used."""


def test_loading_opens_nothing_and_imports_no_more_than_requests_need(database: Database) -> None:
    program = [sys.executable, "-c", PROGRAM, *SELDOM]
    done = subprocess.run(
        program, cwd=ROOT, env=environment(database.config), capture_output=True, text=True, timeout=100, check=True
    )
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded == {
        **{"threads": 1, "connections": 0, "files": [], "again": True, "heavy": []},
        **{"left to do": [False], "templates": "dict", "collected": [True, True]},
    }
