"""`./dev faults`: the long rounds of tests/faults, written down in bench/faults.md."""

from tools.console import become


def main(arguments: list[str]) -> int:
    become("-m", "bench", "faults", *arguments)
