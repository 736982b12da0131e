"""Catalogs of translations: compiled as written, complete in every language, used as they are meant."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.plurals import get_plural

from app.kernel.text.i18n import LANGUAGES
from tools.locales import ROOT, Domain, compile_all, domains, faults

ALL = sorted(LANGUAGES, key=lambda language: (language != "en", language))
"""The languages of the inspections document: its field users read no other language than their session's."""


@pytest.mark.parametrize("domain", domains(), ids=lambda domain: domain.name)
def test_translations_have_no_faults(domain: Domain) -> None:
    assert faults(domain) == []


@pytest.mark.parametrize("language", ALL)
def test_plural_forms_follow_the_rules_of_the_language(language: str) -> None:
    for domain in domains():
        if language in domain.languages:
            assert domain.catalogs[language].num_plurals == get_plural(language).num_plurals, domain.name


def test_docs_name_the_languages_that_no_native_reader_has_checked() -> None:
    listed = re.search(r"no native reader has checked: (.*?)\.", (ROOT / "docs" / "inspections.md").read_text("utf-8"))
    assert listed
    assert {name.strip() for name in listed[1].split(",")} <= {Locale(code).english_name for code in ALL} - {"English"}


def test_every_written_language_is_looked_at() -> None:
    assert {domain.name: domain.languages for domain in domains()} == {
        "depositions": ["en", "ar", "es", "fr"],
        "prescreens": ["en", "ar", "es", "fr"],
        "inspections": ALL,
        "kernel": ALL,
    }
    least = {"kernel": 5, "depositions": 15}
    assert all(len(domain.uses) > least.get(domain.name, 40) for domain in domains()), "their sources are found"


# The checks find what they are for ------------------------------------------------------------------------------

PLURALS = {
    "en": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
TEXTS = {
    "en": ("Start", "Send to {organization}", ["{n} step", "{n} steps"]),
    "fr": ("Commencer", "Envoyer à {organization}", ["{n} étape", "{n} étapes"]),
    "ar": ("ابدأ", "أرسل إلى {organization}", ["لا", "واحدة", "اثنتان", "{n} خطوات", "{n} خطوة", "{n} خطوة"]),
}


def written(language: str) -> str:
    """A small catalog."""
    start, send, steps = TEXTS[language]
    forms = "".join(f'msgstr[{index}] "{form}"\n' for index, form in enumerate(steps))
    return (
        f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {PLURALS[language]}\\n"\n\nmsgid "start"\nmsgstr "{start}"\n\n'
        f'msgid "send"\nmsgstr "{send}"\n\nmsgid "steps"\nmsgid_plural "steps"\n{forms}'
    )


@pytest.fixture
def domain(tmp_path: Path) -> Domain:
    """A small domain without faults, to be spoiled."""
    domain = Domain(tmp_path, "visits")
    for language in TEXTS:
        domain.po(language).parent.mkdir(parents=True)
        domain.po(language).write_text(written(language), "utf-8")
    module("def label(t, one): return t('send', organization=one)")(domain)
    page("{{ t('start') }}{% if 1 %}{{ t('steps', n=2) }}{% endif %}", "email/visit-first/body.txt")(domain)
    assert sorted(path.parts[-3] for path in compile_all(tmp_path)) == sorted(TEXTS)
    assert faults(Domain(tmp_path, "visits")) == []
    return domain


def changed(language: str, old: str, new: str, *, compiled: bool = True) -> Callable[[Domain], None]:
    """Changes a catalog, and compiles it."""

    def spoil(domain: Domain) -> None:
        path = domain.po(language)
        before = path.read_text("utf-8")
        assert old in before, "the text to spoil is there"
        path.write_text(before.replace(old, new, 1), "utf-8")
        if compiled:
            compile_all(domain.root)

    return spoil


def page(code: str, name: str = "visits/new.html") -> Callable[[Domain], None]:
    """Adds a template."""

    def spoil(domain: Domain) -> None:
        path = domain.root / "app" / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)

    return spoil


def module(code: str) -> Callable[[Domain], None]:
    """Adds a module."""

    def spoil(domain: Domain) -> None:
        (domain.root / "app" / "visits" / f"new{len(code)}.py").write_text(code)

    return spoil


def without_compiled(domain: Domain) -> None:
    domain.po("fr").with_suffix(".mo").unlink()


STALE = "visits, fr: the compiled catalog is stale; run python -m tools.locales."
START = 'msgid "start"\n'
LOST = "visits, fr: send takes the values [], the English one ['organization']."
SPOILED = {
    "edited": (changed("fr", "Commencer", "Débuter", compiled=False), STALE),
    "not compiled": (without_compiled, STALE),
    "missing": (changed("fr", f'{START}msgstr "Commencer"\n', ""), "visits, fr: start is missing."),
    "of another name": (changed("fr", START, 'msgid "begin"\n'), "visits, fr: begin is not in the English catalog."),
    "empty": (changed("fr", '"Commencer"', '""'), "visits, fr: start has an empty text."),
    "fuzzy": (changed("fr", START, f"#, fuzzy\n{START}"), "visits, fr: start is marked as fuzzy"),
    "typewritten": (changed("fr", "Commencer", "C'est parti"), "fr: start has the apostrophe of a typewriter"),
    **{
        f"space {mark!r}": (changed("fr", "Commencer", wrong), "fr: start has a space before ; ! ? : or within « »")
        for mark, wrong in {
            "?": "Commencer ?",
            "wide ;": "Oui\u00a0; non",
            "narrow :": "Ceci\u202f: cela",
            "none !": "Commencer!",
            "«": "« Oui\u00a0»",
            "»": "«\u00a0Oui »",
        }.items()
    },
    "other language": (changed("fr", "Language: fr", "Language: pt"), "visits, fr: the header names the language pt."),
    "no language": (changed("fr", '"Language: fr\\n"\n', ""), "visits, fr: the header names the language None."),
    "value lost": (changed("fr", " à {organization}", ""), LOST),
    "value misspelt": (changed("fr", "{organization}", "{organisation}"), "fr: send takes the values ['organisation']"),
    "value formatted": (changed("fr", "{organization}", "{organization!r}"), "takes the values ['organization!r']"),
    "attribute": (changed("fr", "{organization}", "{organization.x}"), "takes the values ['organization.x']"),
    "brace open": (changed("fr", "{organization}", "{organization"), "fr: send takes the values [\"(expected '}'"),
    "form lost": (changed("ar", 'msgstr[5] "{n} خطوة"\n', ""), "visits, ar: steps has an empty text."),
    "no forms": (
        changed("fr", 'msgid_plural "steps"\nmsgstr[0] "{n} étape"\nmsgstr[1]', "msgstr"),
        "visits, fr: steps has plural forms in one language and none in the other.",
    ),
    "two keys": (changed("fr", 'msgid_plural "steps"', 'msgid_plural "step"'), "visits, fr: steps has two keys."),
    "number spelt where it varies": (
        changed("fr", '"{n} étape"', '"Une étape"'),
        "visits, fr: steps takes the values [], the English one ['n'].",
    ),
    "used nowhere": (changed("en", START, f'msgid "begin"\nmsgstr "Begin"\n\n{START}'), "begin is used nowhere."),
    "not defined": (page("\n{{ t('nothing') }}"), "visits/new.html:2: there is no message nothing."),
    "no such family": (page("{{ t('nothing_' ~ word) }}"), "visits/new.html:1: there is no message nothing_.+."),
    "not to be checked": (page("{{ t(word) }}"), "visits/new.html:1: there is no message (computed key)."),
    "value not given": (page("{{ t('send') }}"), "new.html:1: send takes the values ['organization'], not []."),
    "value too many": (page("{{ t('start', n=2) }}"), "new.html:1: start takes the values [], not ['n']."),
    "number not given": (module("t('steps')"), "new10.py:1: steps takes the values ['n'], not []."),
    "family without values": (
        module("t(f's{word}d', n=1)"),
        "new19.py:1: send takes the values ['organization'], not ['n'].",
    ),
    "one of two": (page("{{ t('start' if 1 else 'send') }}"), "send takes the values ['organization'], not []."),
}


@pytest.mark.parametrize(("spoil", "fault"), SPOILED.values(), ids=SPOILED)
def test_the_checks_find_a_planted_fault(domain: Domain, spoil: Callable[[Domain], None], fault: str) -> None:
    spoil(domain)
    found = faults(Domain(domain.root, domain.name))
    assert [one for one in found if fault in one], found


def test_a_file_that_is_no_catalog_is_named(domain: Domain) -> None:
    with pytest.raises(ValueError, match=r"fr/LC_MESSAGES/visits\.po: .*more translations"):
        changed("fr", 'msgstr[1] "', 'msgstr[2] "Plus"\nmsgstr[1] "')(domain)


def test_french_spaces_are_asked_for_in_french_texts_alone(domain: Domain) -> None:
    right = "«\u00a0Oui\u00a0»\u00a0: à 12:30, voir https://example.com/?a=b\u202f; d’accord\u202f?"
    changed("fr", "Commencer", right)(domain)
    changed("en", "Start", "Start: « now » ; or not ?")(domain)
    assert faults(Domain(domain.root, domain.name)) == []


def test_a_number_may_be_spelt_where_the_form_has_only_that_number(domain: Domain) -> None:
    changed("en", '"{n} step"', '"One step"')(domain)
    assert faults(Domain(domain.root, domain.name)) == []


def test_compiling_writes_only_what_changed_and_always_the_same(domain: Domain) -> None:
    assert compile_all(domain.root) == []
    compiled = domain.po("fr").with_suffix(".mo")
    before = compiled.read_bytes()
    changed("fr", "Commencer", "Débuter", compiled=False)(domain)
    assert compile_all(domain.root) == [compiled]
    assert compiled.read_bytes() != before
    changed("fr", "Débuter", "Commencer")(domain)
    assert compiled.read_bytes() == before
