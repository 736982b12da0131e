"""Every verb of a staff page is confirmed, waits while it can be undone, or says here why one press is enough."""

from inspect import unwrap
from types import CodeType, FunctionType
from typing import Any

import pytest
from flask import Flask

from tests.project.test_access import ONE_DATABASE, marked

CONFIRMED = [
    "accounts.change_address",
    "accounts.close_organization",
    "accounts.disable",
    "accounts.reset_factors",
    "accounts.revoke_key",
    "depositions.ask",
    "depositions.ask_added",
    "depositions.cancel",
    "depositions.change_manager",
    "depositions.change_room",
    "depositions.create",
    "depositions.decline_cancellation",
    "depositions.end",
    "depositions.keep_clock_time",
    "depositions.keep_moment",
    "depositions.move",
    "depositions.propose",
    "depositions.remind_hours",
    "depositions.revoke_feed",
    "depositions.schedule",
    "depositions.start",
    "depositions.tell",
    "inspections.end",
    "inspections.erase_evidence",
    "inspections.hold_evidence",
    "inspections.hold_item",
    "inspections.erase_person",
    "inspections.invite",
    "inspections.new_code",
    "inspections.reissue",
    "inspections.revoke",
    "prescreens.approve",
    "prescreens.ask",
    "prescreens.delete_questionnaire",
    "prescreens.deny",
    "prescreens.discard_draft",
    "prescreens.erase_contact",
    "prescreens.erase_prospect",
    "prescreens.publish_questionnaire",
    "prescreens.remind",
    "prescreens.renew",
    "prescreens.restore_questionnaire",
]
"""What cannot be taken back, or has effects outside. Decisions about prescreens wait besides, or take effect at once
for a user who chose no undo window."""

ONE_PRESS = {
    "another press takes it back": """
        accounts.change_organization accounts.change_settings accounts.enable accounts.give_role
        accounts.reopen_organization accounts.take_role
        depositions.add_absence depositions.away_today depositions.change_manager_facts depositions.remove_absence
        depositions.assign depositions.bulk depositions.change_settings depositions.give_back depositions.tag
        depositions.change_checklist depositions.take_back_start
        depositions.reconfirm depositions.unassign depositions.untag depositions.write_notice
        inspections.assign inspections.bulk
        inspections.change_notes inspections.change_subjects inspections.give_back inspections.tag
        inspections.unassign inspections.untag
        messages.dismiss messages.restore prescreens.assign prescreens.bulk prescreens.give_back prescreens.tag
        depositions.layout inspections.layout prescreens.layout
        prescreens.add_question prescreens.change_introduction prescreens.change_question prescreens.move_question
        prescreens.change_texts prescreens.translate
        prescreens.close_questionnaire prescreens.switch_blind prescreens.open_questionnaire prescreens.remove_question
        prescreens.switch_calibration prescreens.switch_fairness
        prescreens.rename_questionnaire prescreens.change_reasons
        prescreens.unassign prescreens.untag views.move views.remove views.rename views.save views.write_note""",
    "it adds to a record, and is followed by its counterpart": """
        depositions.settle_question depositions.withdraw_proposal
        inspections.attend inspections.start_recording inspections.stop_recording""",
    "its form says what comes of it, and holds what is typed": """
        accounts.change_password accounts.create_key accounts.create_organization accounts.invite
        accounts.print_bearer depositions.add_manager depositions.make_feed depositions.run_import
        depositions.test_webhook depositions.book_plan inspections.add_document inspections.add_remark
        inspections.change_wording inspections.create inspections.remark_evidence
        prescreens.look prescreens.answer_calibration prescreens.write_note
        prescreens.make_questionnaire prescreens.export_contact prescreens.export_prospect
        inspections.make_bundle prescreens.make_case_file""",
    "it does once more what was done before": """
        accounts.invite_again documents.again inspections.make_report inspections.retry_anchor messages.bulk
        messages.send_again""",
    "it is about the user's own sign-in, and asks for proof where it weakens it": """
        accounts.add_passkey accounts.ask_for_address accounts.confirm_address
        accounts.end_other_sign_ins accounts.end_sign_in accounts.new_app
        accounts.new_passkey_challenge accounts.proof_challenge accounts.prove accounts.prove_with_passkey
        accounts.remove_passkey accounts.renew_codes accounts.sign_out accounts.turn_off_app accounts.turn_on_app""",
    "it changes nothing": """
        depositions.edit depositions.read_mail depositions.review_plan holds.read inspections.edit
        inspections.edit_new prescreens.edit prescreens.walk_questionnaire""",
    "it is the undoing itself": "holds.undo",
}


def verbs(app: Flask) -> set[str]:
    """The staff pages that take a POST."""
    views = marked(app)
    posted = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    return {endpoint for endpoint in posted if views.get(endpoint, "public") != "public"}


def confirms(function: Any, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a view, or a function of its module that it calls, shows a confirmation."""
    function = unwrap(function)
    names = _names(function.__code__)
    if {"confirm", "show"} <= names and "confirmation_pages" in names:
        return True
    local = {name: function.__globals__.get(name) for name in names - seen}
    return any(
        confirms(called, seen | names)
        for called in local.values()
        if isinstance(called, FunctionType) and called.__module__ == function.__module__
    )


def _names(code: CodeType) -> set[str]:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inner))


@ONE_DATABASE
def test_every_verb_says_how_it_is_guarded(app: Flask) -> None:
    listed = [*CONFIRMED, *(endpoint for group in ONE_PRESS.values() for endpoint in group.split())]
    assert len(listed) == len(set(listed))
    assert set(listed) == verbs(app)


@ONE_DATABASE
@pytest.mark.parametrize("endpoint", CONFIRMED)
def test_it_is_confirmed(app: Flask, endpoint: str) -> None:
    assert confirms(app.view_functions[endpoint])


@ONE_DATABASE
def test_one_press_is_one_press(app: Flask) -> None:
    pressed = [endpoint for group in ONE_PRESS.values() for endpoint in group.split()]
    assert [endpoint for endpoint in pressed if confirms(app.view_functions[endpoint])] == []
