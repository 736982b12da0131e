"""Makes the files that are generated and committed: compiled translations and docs/states.md."""


def main(_arguments: list[str]) -> int:
    """Returns 1 when the translations have faults, which are printed."""
    # Imported here: the other tools need neither Babel nor the desks' rules.
    from tools import locales, states

    states.main()
    return locales.main()
