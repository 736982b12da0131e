"""Which desk the subject of an event or a message belongs to. Pure; app/desks.py has the facts."""

from collections.abc import Mapping, Sequence

PEOPLE = "people"
"""Stands for a desk where the subject is a person or an organization."""


class Subjects:
    """The subject types of each desk; all others are about people and their accounts."""

    def __init__(self, of_desks: Mapping[str, Sequence[str]]) -> None:
        self.of_desks = of_desks
        self._desks = {subject: desk for desk, subjects in of_desks.items() for subject in subjects}

    @property
    def known(self) -> list[str]:
        """All types that belong to a desk."""
        return list(self._desks)

    def desk_of(self, subject_type: str | None) -> str:
        """The name of the desk, or PEOPLE."""
        return self._desks.get(subject_type or "", PEOPLE)
