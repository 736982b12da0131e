"""The words in which an organization asks for consent, in place of the product's: every language, and one to change."""

from collections.abc import Mapping
from typing import NamedTuple

from flask import Response, flash, request, url_for

from app.accounts.access import allow, me
from app.accounts.models import Organization
from app.accounts.roles import CONSENT_WORDING, READERS
from app.accounts.rules import LOCALES
from app.inspections import actions, queries, rules
from app.inspections.events import CONSENT_SUBJECTS
from app.inspections.forms import WordingForm
from app.inspections.locales import TRANSLATIONS, consent_wording
from app.inspections.queries import OrganizationRow, own_wordings
from app.inspections.queries.own_wordings import Version
from app.inspections.views.filters import pages
from app.kernel import clock
from app.kernel.crypto import sha256
from app.kernel.db.transaction import db, reading
from app.kernel.errors import NotFound
from app.kernel.web.htmx import respond, see_other


class Language(NamedTuple):
    """One language of the table: for each subject the version of the own words, None for the product's."""

    code: str
    name: str
    native: str
    versions: list[Version | None]
    sentence: str
    mixed: bool


@pages.get("/wording")
@allow(*READERS[CONSENT_WORDING])
def wording() -> Response:
    """In which languages an organization asks in its own words: the one in the address, else the reader's first."""
    known = _known()
    wanted = request.args.get("organization", "")
    home = next((each for each in known if str(each.id) == wanted or not wanted), None)
    if home is None:
        raise NotFound("There is no such organization, or it is not yours.")
    found = own_wordings.in_every_language(reading(), home.id)
    first = sorted(LOCALES, key=lambda code: (code != home.locale, _name(code)))
    return respond(
        "inspections/wording.html",
        home=home,
        known=known,
        labels=list(CONSENT_SUBJECTS.values()),
        languages=[_language(code, found) for code in first],
        denied=me().why_not(CONSENT_WORDING, home.id),
        zone=me().time_zone,
    )


@pages.get("/wording/<int:id>/<locale>")
@allow(*READERS[CONSENT_WORDING])
def wording_in(id: int, locale: str) -> Response:
    """The words in one language, beside the product's, and how a field user sees them."""
    home = _home(id, locale)
    found = own_wordings.in_force(reading(), id, locale)
    texts = {subject: each.text for subject, each in found.items()}
    data = {"version": own_wordings.revision(found), **texts}
    return _page(home, locale, found, WordingForm(formdata=None, data=data), texts)


@pages.post("/wording/<int:id>/<locale>")
@allow(*READERS[CONSENT_WORDING])
def change_wording(id: int, locale: str) -> Response:
    """Saves what differs as a version; with `step` "preview" only shows how a field user would see it."""
    home = _home(id, locale)
    me().check(CONSENT_WORDING, id)
    form = WordingForm()
    form.check()
    if request.form.get("step") == "preview":
        return _page(home, locale, own_wordings.in_force(reading(), id, locale), form, form.texts(), previewed=True)
    changed = actions.change_wording(
        db(),
        id,
        locale,
        form.texts(),
        form.reason.data or "",
        revision=form.seen_version,
        by=me().actor(),
        now=clock.now(),
    )
    saved = "Saved. Field users are asked in these words from now on; who has answered keeps theirs."
    flash(saved if changed else "Nothing differs, so nothing was saved.")
    return see_other(url_for(".wording_in", id=id, locale=locale))


def _page(
    home: OrganizationRow,
    locale: str,
    found: Mapping[str, Version],
    form: WordingForm,
    shown: Mapping[str, str],
    previewed: bool = False,
) -> Response:
    """The page of one language. `shown` are the texts of the preview, which may not be saved."""
    t = TRANSLATIONS.translator(locale)
    in_force = {subject: found[subject].text if subject in found else "" for subject in rules.SUBJECTS}
    return respond(
        "inspections/wording-in.html",
        home=home,
        locale=locale,
        language=_name(locale),
        subjects=CONSENT_SUBJECTS,
        sentence=_sentence([bool(in_force[subject]) for subject in rules.SUBJECTS]),
        form=form,
        previewed=previewed,
        own={subject: text for subject, text in shown.items() if text},
        in_force=in_force,
        product={each: f"{t(f'consent_name_{each}')}, {t(f'consent_reason_{each}')}" for each in rules.SUBJECTS},
        hashes={subject: sha256(consent_wording(subject, t, text)) for subject, text in in_force.items()},
        versions=own_wordings.versions(reading(), home.id, locale),
        most=own_wordings.LISTED,
        t=t,
        denied=me().why_not(CONSENT_WORDING, home.id),
        zone=me().time_zone,
    )


def _language(code: str, found: Mapping[tuple[str, str], Version]) -> Language:
    newest = [found.get((code, subject)) for subject in rules.SUBJECTS]
    own = [each if each is not None and each.text else None for each in newest]
    mine = [each is not None for each in own]
    return Language(code, _name(code), LOCALES[code], own, _sentence(mine), any(mine) and not all(mine))


def _name(locale: str) -> str:
    return TRANSLATIONS.translator(locale).english_name


def _sentence(own: list[bool]) -> str:
    """In whose words a language is asked. A mixture is never left unsaid."""
    labels = [label.lower() for label in CONSENT_SUBJECTS.values()]
    if all(own):
        return "All three are asked in your words."
    if not any(own):
        return "All three are asked in the product’s words."
    mine = " and ".join(label for label, is_own in zip(labels, own, strict=True) if is_own)
    others = " and ".join(label for label, is_own in zip(labels, own, strict=True) if not is_own)
    return f"Mixed: {mine} in your words, {others} in the product’s."


def _known() -> list[OrganizationRow]:
    """The organizations whose wording the reader may look at."""
    return queries.organizations(reading(), me().scope(CONSENT_WORDING).where(Organization.id))


def _home(id: int, locale: str) -> OrganizationRow:
    """The organization of an address. Raises NotFound for another's, and for a language that there is not."""
    mine = me().scope(CONSENT_WORDING).where(Organization.id)
    found = queries.organizations(reading(), mine & (Organization.id == id))
    if not found or locale not in LOCALES:
        raise NotFound("There is no such organization or language, or it is not yours.")
    return found[0]
