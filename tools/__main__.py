"""Finds the tool that was asked for, and says in a sentence what stands in its way."""

import importlib.util
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from tools import bench, desk, faults, generate, run, shots, sure, test
from tools.console import Refusal, become, inform


@dataclass(frozen=True)
class Tool:
    main: Callable[[list[str]], int]
    usage: str
    summary: str
    program: tuple[str, ...] = ()
    """What prints the rest of the help, as far as its packages are there: the last of the names is one of them."""


TOOLS = {
    "run": Tool(run.main, "[--port N] [--data DIR]", "the demo site: web, worker, demo data, on http://localhost:8000"),
    "test": Tool(
        test.main, "[--quick] [pytest arguments]", "the whole suite; --quick: what a minute allows, on SQLite"
    ),
    "sure": Tool(sure.main, "", "format, lint, types, import contracts, templates"),
    "generate": Tool(generate.main, "", "compiled translations and docs/states.md, after a change of their sources"),
    "bench": Tool(bench.main, "[arguments]", "speed beside the floor, on both databases", ("bench", "sqlalchemy")),
    "faults": Tool(faults.main, "[arguments]", "the long rounds: kills, full disks, hanging receivers, races"),
    "shots": Tool(shots.main, "[DIR]", "a sheet of every page into docs/shots; each page in full size into DIR"),
    "desk": Tool(
        desk.main, "[--data DIR] …", "the desk command, on the data that `./dev run` uses", ("app.cli", "click")
    ),
}


def describe() -> str:
    rows = [f"  ./dev {f'{name} {tool.usage}':<34} {tool.summary}" for name, tool in TOOLS.items()]
    return "\n".join(["Session Desk's tools:", "", *rows, "", "README.md has the map of the project."])


def explain(name: str, arguments: list[str]) -> int:
    """Prints the help of one tool, and does nothing else."""
    tool = TOOLS[name]
    print(f"usage: ./dev {name} {tool.usage}".rstrip(), tool.summary, sep="\n\n", flush=True)
    if tool.program and all(importlib.util.find_spec(package.partition(".")[0]) for package in tool.program):
        print(flush=True)
        become("-m", tool.program[0], *arguments)
    return 0


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(describe())
        return 0
    name, *rest = arguments
    if name not in TOOLS:
        inform(f"There is no tool called {name}.\n\n{describe()}")
        return 2
    if {"-h", "--help"} & set(rest) and name != "run":  # it has a parser that needs no package
        return explain(name, desk.split(rest)[1] if name == "desk" else rest)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return TOOLS[name].main(rest)
    except Refusal as refusal:
        inform(str(refusal))
    except OSError as error:
        inform(f"{error.filename or 'The system'}: {error.strerror or error}. Nothing more was done.")
    except KeyboardInterrupt:
        inform("\nStopped before it was done.")
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
