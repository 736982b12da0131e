"""Every macro makes valid HTML that is wired for those who listen, and escapes what it is given."""

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.depositions.rules import day_ruler

LOOK = Path(__file__).parent
TEMPLATES = LOOK.parents[1] / "app/templates"
PAGES = ("/queue", "/queue?state=requested", "/detail", "/chat", "/gone")


def render(site: Flask, source: str, **context: object) -> str:
    with site.test_request_context("/"):
        return site.jinja_env.from_string('{% import "macros/ui.html" as ui %}' + source).render(**context).strip()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_every_part_is_valid_html(visitor: FlaskClient, path: str) -> None:
    html5lib.HTMLParser(strict=True).parse(visitor.get(path).text)


@pytest.mark.parametrize(("hour", "named"), ((1, True), (6, False), (9, False), (15, False), (21, True)))
def test_office_hours_are_named_only_where_the_session_leaves_them_free(site: Flask, hour: int, named: bool) -> None:
    """A session within them is drawn over their bar, and would lie behind the words."""
    source = '{% import "macros/rulers.html" as rulers %}{{ rulers.scale(day, "Pacific Time") }}'
    start = datetime(2026, 11, 24, hour, tzinfo=UTC)
    day = day_ruler.day_ruler(start, start + timedelta(minutes=75), "UTC", "UTC", (time(7), time(20)))
    assert ("Office hours in" in render(site, source, day=day)) is named


@pytest.mark.parametrize("path", PAGES)
def test_what_is_referred_to_by_id_exists_once(visitor: FlaskClient, path: str) -> None:
    html = visitor.get(path).text
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), sorted({name for name in ids if ids.count(name) > 1})
    referring = r'\s(?:for|aria-describedby|aria-labelledby|commandfor|popovertarget|data-copy)="([^"]+)"'
    assert {name for found in re.findall(referring, html) for name in found.split()} <= set(ids)


def test_every_macro_is_on_a_page_of_every_part() -> None:
    own = ("base.html", "macros/shell.html", "refused.html")
    pages = [*(LOOK / "templates").iterdir(), *(TEMPLATES / name for name in own)]
    shown = "".join(path.read_text("utf-8") for path in pages)
    for module in ("ui", "rulers"):
        source = (TEMPLATES / "macros" / f"{module}.html").read_text("utf-8").split("#}", 1)[1]
        macros = set(re.findall(r"macro ([a-z]\w*)\(", source))
        calls = set(re.findall(r"(?<!macro )(?<![.\w])([a-z]\w*)\(", source))
        used = set(re.findall(rf"{module}\.(\w+)\(", shown)) | calls
        assert macros <= used, sorted(macros - used)


def test_a_disabled_button_is_shown_with_its_reason(site: Flask) -> None:
    html = render(site, '{{ ui.button("Approve Jane", "check", disabled_reason="Expired on 20 Nov.") }}')
    assert 'disabled aria-describedby="reason-approve-jane"' in html
    assert re.search(r'<p class="reason" id="reason-approve-jane">.*Expired on 20 Nov\.', html)


def test_what_people_wrote_is_escaped(site: Flask) -> None:
    html = render(
        site,
        "{{ ui.badge(evil) }}{{ ui.facts([(evil, evil, evil)]) }}{{ ui.person(evil) }}{{ ui.toast(evil, '', evil) }}"
        "{{ ui.notice('warn', '', evil, evil) }}"
        "{{ ui.button(evil, value=evil, disabled_reason=evil) }}{{ ui.link(evil, evil, attrs={'title': evil}) }}"
        "{{ ui.timeline([{'text': evil, 'note': evil}]) }}"
        "{{ ui.message_preview(evil, 'mail', evil, [(evil, evil)], evil, evil) }}"
        "{{ ui.answers([{'question': evil, 'answer': evil}]) }}{{ ui.filter_text('q', evil, evil) }}",
        evil='"><script>alert(1)</script>',
    )
    assert "<script" not in html
    assert '=""><' not in html


def test_a_wrong_field_says_so_to_everybody(visitor: FlaskClient) -> None:
    from tests.design.site import ScheduleForm, make

    site = make()
    with site.test_request_context("/detail/schedule", method="POST", data={"room": "x" * 50, "version": "3"}):
        site.config["WTF_CSRF_ENABLED"] = False
        form = ScheduleForm()
        assert not form.validate()
        html = site.jinja_env.from_string(
            '{% import "macros/ui.html" as ui %}'
            "{% for field in (form.room, form.why, form.by) %}{{ ui.field(field) }}{% endfor %}"
        ).render(form=form)
    assert re.search(r'<input[^>]* aria-describedby="room-error room-hint"', html)
    assert 'id="room-error"' in html
    assert "Use at most 40 characters." in html
    assert re.search(r'<textarea[^>]* aria-invalid="true"', html)
    assert "Say why." in html
    assert "<fieldset" in html
    assert "<legend>Send the code by</legend>" in html


def test_a_refusal_names_its_fields(site: Flask) -> None:
    from app.kernel.errors import FieldError, Invalid

    refusal = Invalid("Not scheduled. Look at the marked fields.", errors=[FieldError("room", "invalid", "Too long.")])
    with site.test_request_context("/"):
        html = site.jinja_env.get_template("_refused.html").render(refusal=refusal)
    assert "<strong>Not scheduled.</strong> Look at the marked fields." in html
    assert '<li data-field="room">Room: Too long.</li>' in html
    assert 'id="refusal" role="alert"' in html
