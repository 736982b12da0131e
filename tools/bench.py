"""`./dev bench`: speed beside the floor (bench/README.md)."""

from tools.console import become


def main(arguments: list[str]) -> int:
    become("-m", "bench", *arguments)
