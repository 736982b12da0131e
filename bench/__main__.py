"""`./dev bench` measures requests, `./dev bench --peers` also those of programs in other frameworks, `./dev bench screens`
pages in a browser, `./dev bench plan` the solver, `./dev bench board` the boards at two sizes of the table, `./dev bench
contacts` contacts likewise, `./dev bench inside` requests within one process.

`./dev faults` runs the long rounds of tests/faults, whose results stand in faults.md.
"""

import os
import sys

FAULT_ROUNDS = "200"


def main(given: list[str]) -> int:
    if given[:1] == ["screens"]:
        from bench.screens import main as look

        return look(given[1:])
    if given[:1] == ["plan"]:
        from bench.plan import main as plan

        return plan()
    if given[:1] == ["inside"]:
        from bench.inside import main as inside

        return inside(given[1:])
    if given[:1] == ["board"]:
        from bench.board import main as board

        return board(given[1:])
    if given[:1] == ["contacts"]:
        from bench.contacts import main as contacts

        return contacts(given[1:])
    if given[:1] != ["faults"]:
        from bench.run import main as measure

        return measure(given)
    import pytest

    os.environ.setdefault("FAULT_ROUNDS", FAULT_ROUNDS)
    return int(pytest.main(["tests/faults", "-n0", "-p", "no:randomly", "--timeout=3600", *given[1:]]))


sys.exit(main(sys.argv[1:]))
