"""`./dev run`: the demo site on localhost, with sign-ins and requests to try, until Ctrl-C."""

import argparse
import json
import shutil
from pathlib import Path

from tools import ROOT, demo
from tools.console import inform
from tools.demo import Demo
from tools.settings import DATA, desk
from tools.signals import StopSignals

WELCOME = """
Session Desk is open at {base}

Sign in as one of these (role, address, password):
{people}

Three requests to try in another terminal, one for each API:

{requests}

{mail}{stamps}Data and logs are in {folder}. Ctrl-C stops everything."""

DEMO_STAMPS = "Time stamps come from a demo authority on this machine (DEMO): they prove nothing to anybody else.\n"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev run", description="Starts web and worker with demo data.")
    parser.add_argument("--port", type=int, default=8000, help="the port on 127.0.0.1 (8000)")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder for database and files (var)")
    chosen = parser.parse_args(arguments)
    loaded = demo.load(chosen.data.resolve(), chosen.port, stamps=True)
    text = welcome(loaded)
    with StopSignals() as signals, demo.open_site(loaded, signals) as processes:
        print(text, flush=True)
        try:
            while True:
                processes.check()
                signals.wait(0.3)
        except KeyboardInterrupt:
            inform("\nStopping.")
    return 0


def welcome(loaded: Demo) -> str:
    people = loaded.cast["people"]
    first = {person["role"]: person for person in reversed(people)}
    lines = [
        f"  {person['role']:<14} {person['email']:<34} {person['password']}"
        for person in sorted(first.values(), key=people.index)
    ]
    mail = "" if loaded.env.get("SMTP_URL") else f"Mail that would have been sent: {loaded.base}/mail\n"
    stamps = DEMO_STAMPS if loaded.authority is not None else ""
    return WELCOME.format(
        base=loaded.base,
        people="\n".join(lines),
        requests=requests(loaded),
        mail=mail,
        stamps=stamps,
        folder=loaded.folder,
    )


def requests(loaded: Demo) -> str:
    """The first example of each API document, with this address and demo credentials in their places."""
    slug, _ = loaded.credential("depositions", "scheduler")
    lines = (ROOT / "docs" / "examples" / "requests.txt").read_text().rstrip()
    lines = lines.replace("http://localhost:8000", loaded.base)
    token = json.loads(desk(loaded.env, "token", "--organization", slug, "--json"))["token"]
    lines = lines.replace("YOUR_ACCESS_TOKEN", token)
    if not shutil.which("uuidgen"):
        lines = lines.replace("$(uuidgen)", "$(python3 -c 'import uuid; print(uuid.uuid4())')")
    lines = lines.replace("ra_...", loaded.credential("prescreens", "leasing_agent")[1])
    return lines.replace("nb_sec_...", loaded.credential("inspections", "operator")[1]).replace("\n", "\n\n")
