"""`desk wording`: the words in which an organization asks field users for consent, in place of the product's.

docs/inspections.md has the form of the file.
"""

import json
import sys
from pathlib import Path

import click

from app.accounts.rules import LOCALES
from app.cli_commands import BY, command, opened_database
from app.cli_output import Output
from app.kernel import clock
from app.kernel.errors import Invalid

FORM = "session-desk/consent-wording/1"
SUBJECTS = ("camera", "gps", "recording")
FILE = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
ORGANIZATION = click.option("--organization", required=True, metavar="SLUG")
LONGEST_FILE = 1 << 20


@click.group(help="The words in which an organization asks field users for consent.")
def wording() -> None:
    pass


@command(wording, "list")
@ORGANIZATION
def list_(output: Output, organization: str) -> None:
    """List the languages in which an organization asks in its own words, and about what."""
    from app.accounts.queries import organization_named
    from app.inspections.queries import own_wordings

    with opened_database().read() as db:
        found = own_wordings.in_every_language(db, organization_named(db, organization).id)
    own = {
        locale: {
            subject: found[locale, subject].number
            for subject in SUBJECTS
            if (locale, subject) in found and found[locale, subject].text
        }
        for locale in LOCALES
    }
    lines = [
        f"{locale}  own: {', '.join(versions)}"
        + (f"; the product's: {', '.join(each for each in SUBJECTS if each not in versions)}" * (len(versions) < 3))
        for locale, versions in own.items()
        if versions
    ]
    rest = "Every other language" if lines else "Every language"
    words = "\n".join([*lines, f"{rest} is asked in the product's words."])
    output.done({"organization": organization, "own": {key: value for key, value in own.items() if value}}, words)


@command(wording, "show")
@ORGANIZATION
@click.option("--language", "locale", type=click.Choice(list(LOCALES)), required=True)
def show(output: Output, organization: str, locale: str) -> None:
    """Show the words of one language that are in force, and every version."""
    from app.accounts.queries import organization_named
    from app.inspections.locales import TRANSLATIONS, consent_wording
    from app.inspections.queries import own_wordings
    from app.kernel.crypto import sha256

    with opened_database().read() as db:
        home = organization_named(db, organization).id
        own = own_wordings.own_texts(db, home, locale)
        versions = own_wordings.versions(db, home, locale, limit=None)
    t = TRANSLATIONS.translator(locale)
    asked = {subject: consent_wording(subject, t, own.get(subject, "")) for subject in SUBJECTS}
    lines = []
    for subject, text in asked.items():
        whose = "own words" if subject in own else "the product's words"
        lines += [f"{subject} ({whose}), SHA-256 {sha256(text)}", *(f"  {line}" for line in text.split("\n")), ""]
    lines += [
        f"{each.subject} {each.number}, {each.created_at:%Y-%m-%d %H:%M} UTC by {each.author}: {each.reason}"
        for each in versions
    ]
    facts = {
        "organization": organization,
        "language": locale,
        "asked": {
            subject: {"own": subject in own, "sha256": sha256(text), "text": text} for subject, text in asked.items()
        },
        "versions": [{**each._asdict(), "created_at": each.created_at.isoformat()} for each in versions],
    }
    output.done(facts, "\n".join(lines).rstrip())


@command(wording, "export")
@FILE
@ORGANIZATION
def export(output: Output, file: str, organization: str) -> None:
    """Write an organization's own words in force to FILE, - for stdout."""
    from app.accounts.queries import organization_named
    from app.inspections.queries import own_wordings

    with opened_database().read() as db:
        found = own_wordings.in_every_language(db, organization_named(db, organization).id)
    words: dict[str, dict[str, str]] = {}
    for (locale, subject), version in sorted(found.items()):
        if version.text:
            words.setdefault(locale, {})[subject] = version.text
    text = json.dumps({"form": FORM, "wording": words}, ensure_ascii=False, indent=1) + "\n"
    if file == "-":
        click.echo(text, nl=False)
        return
    Path(file).write_text(text, "utf-8")
    output.done({"file": file, "languages": sorted(words)}, f"The words of {len(words)} languages are in {file}.")


@command(wording, "import")
@FILE
@ORGANIZATION
@click.option("--reason", required=True, help="Why; kept with each version.")
def import_(output: Output, file: str, organization: str, reason: str) -> None:
    """Read an organization's own words from FILE. What it does not name stays; an empty text is the product's again."""
    from app.accounts.queries import organization_named
    from app.inspections import actions

    words = _words(_bytes(file))
    changed: dict[str, list[str]] = {}
    with opened_database().write() as db:
        home = organization_named(db, organization)
        for locale, texts in words.items():
            done = actions.change_wording(db, home.id, locale, texts, reason, revision=None, by=BY, now=clock.now())
            if done:
                changed[locale] = done
    n = sum(len(done) for done in changed.values())
    sentence = f"{n} {'text is' if n == 1 else 'texts are'} new." if n else "It said that already. Nothing was changed."
    output.done({"organization": organization, "changed": changed}, sentence)


def _bytes(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(LONGEST_FILE + 1)
        with Path(file).open("rb") as opened:
            return opened.read(LONGEST_FILE + 1)
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}. Nothing was changed.") from None


def _words(content: bytes) -> dict[str, dict[str, str]]:
    """The texts of a file by language and subject. Raises Invalid with what is wrong with it."""
    if len(content) > LONGEST_FILE:
        raise _unreadable("It is longer than 1 MiB")
    try:
        read = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _unreadable("It is no JSON in UTF-8") from None
    words = read.get("wording") if isinstance(read, dict) else None
    if not isinstance(words, dict) or read.get("form") != FORM:
        raise _unreadable(f"Its form is not {FORM}")
    for locale, texts in words.items():
        if locale not in LOCALES:
            raise _unreadable(f"{locale[:20]!r} is no language of field pages; there are {', '.join(LOCALES)}")
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise _unreadable(f"{locale} is not an object of texts")
        if unknown := sorted(set(texts) - set(SUBJECTS)):
            raise _unreadable(f"{unknown[0][:20]!r} is nothing that is asked; there are {', '.join(SUBJECTS)}")
    return words


def _unreadable(why: str) -> Invalid:
    return Invalid(f"This file is not a consent wording. {why}. Nothing was changed.", code="wording.unreadable")
