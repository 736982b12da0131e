"""Words about things."""

import pytest

from app.kernel.text import template_filters


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Ines Moreau", "IM"),
        ("ana", "A"),
        ("Ana Ruiz de la Cruz", "AC"),
        ("日本", "日"),
        ("", "?"),
        ("ö@example.com", "ÖC"),
    ],
)
def test_initials(name: str, short: str) -> None:
    assert template_filters.initials(name) == short


@pytest.mark.parametrize(
    ("text", "part"), [("Cancel the request…", "cancel-the-request"), ("Réserver", "reserver"), ("إلغاء", "x5")]
)
def test_slugs(text: str, part: str) -> None:
    assert template_filters.slug(text) == part


def test_sentences_numbers_and_names() -> None:
    assert template_filters.lead("Not done. Try again. Later.") == ("Not done.", "Try again. Later.")
    assert template_filters.lead("Only one sentence.") == ("Only one sentence.", "")
    assert template_filters.pluralize(1, "request") == "1 request"
    assert template_filters.pluralize(1204, "request") == "1,204 requests"
    assert template_filters.pluralize(2, "query", "queries") == "2 queries"
    assert template_filters.spell_out("join_room") == "Join room"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Scope: `sessions:read`.", "Scope: <code>sessions:read</code>."),
        ("`<b>` & co", "<code>&lt;b&gt;</code> &amp; co"),
        ("an odd ` stays", "an odd ` stays"),
        ("", ""),
    ],
)
def test_backticked_words_are_code(text: str, html: str) -> None:
    assert str(template_filters.code_spans(text)) == html
