"""The one list of desks, and the access to each, which stands below it."""

from app.accounts.roles import ACCESS
from app.desks import DESKS


def test_every_desk_has_its_access_in_the_same_order() -> None:
    assert [desk.name for desk in DESKS] == list(ACCESS)


def test_no_two_desks_claim_the_same_subject_prefix_or_address() -> None:
    subjects = [subject for desk in DESKS for subject in desk.subjects]
    assert len(subjects) == len(set(subjects))
    prefixes = [access.key_prefix for access in ACCESS.values()]
    assert len(prefixes) == len(set(prefixes))
    blueprints = [blueprint.name for desk in DESKS for blueprint in desk.blueprints]
    assert len(blueprints) == len(set(blueprints))
