"""`./dev test`: the suite, whole or with any of pytest's own arguments."""

from tools.console import become


def main(arguments: list[str]) -> int:
    become("-m", "pytest", *arguments)
