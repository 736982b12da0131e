"""Roles, desks and scopes: the rows that a person may see and act on. No database."""

import pytest
from sqlalchemy import Column, Integer

from app.accounts.access import Me, Scope
from app.accounts.roles import DENIALS, DESKS, Grant, Role
from app.kernel.errors import Denied


def person(*grants: tuple[Role, int | None]) -> Me:
    return Me(
        id=1,
        name="Somebody",
        email="somebody@example.com",
        time_zone="UTC",
        locale="en",
        theme="system",
        single_keys=True,
        undo_seconds=30,
        grants=[Grant(role, place) for role, place in grants],
        sign_in_id=1,
        token="t",
    )


def test_staff_see_everything_at_their_desk() -> None:
    ines = person((Role.SCHEDULER, None))
    assert ines.desks == ("depositions",)
    assert ines.scope("depositions") == Scope(True, frozenset())
    assert ines.scope("prescreens") == Scope(False, frozenset())
    assert ines.may("depositions")
    assert not ines.may("prescreens", write=False)


def test_members_see_their_organizations() -> None:
    mira = person((Role.LEASING_AGENT, 3), (Role.LEASING_AGENT, 4), (Role.OPERATOR, 3))
    assert mira.desks == ("prescreens", "inspections")
    assert mira.scope("prescreens").organization_ids == {3, 4}
    assert mira.scope("inspections").covers(3)
    assert not mira.scope("inspections").covers(4)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_admins_and_auditors_look_at_every_desk_and_act_at_none(role: Role) -> None:
    looker = person((role, 3))
    assert looker.desks == DESKS
    for desk in DESKS:
        assert looker.may(desk, write=False, organization_id=3)
        assert not looker.may(desk, organization_id=3)
        assert looker.why_not(desk, 3) == DENIALS[desk]
        with pytest.raises(Denied):
            looker.check(desk, 3)


def test_acting_is_decided_row_by_row() -> None:
    mixed = person((Role.LEASING_AGENT, 3), (Role.AUDITOR, 4))
    assert mixed.scope("prescreens").organization_ids == {3, 4}
    assert mixed.scope("prescreens", write=True).organization_ids == {3}
    assert mixed.why_not("prescreens", 3) is None
    mixed.check("prescreens", 3)
    with pytest.raises(Denied):
        mixed.check("prescreens", 4)


def test_scopes_become_conditions() -> None:
    column = Column("organization_id", Integer)

    def sql(scope: Scope) -> str:
        return str(scope.where(column).compile(compile_kwargs={"literal_binds": True}))

    assert sql(Scope(True, frozenset())) == "true"
    assert sql(Scope(False, frozenset())) == "false"
    assert sql(Scope(False, frozenset({7}))) == "organization_id = 7"
    assert sql(Scope(False, frozenset({9, 7}))) == "organization_id IN (7, 9)"
