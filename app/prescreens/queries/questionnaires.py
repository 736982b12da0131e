"""Questionnaires: by public address, by version, and the list for staff."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, and_, bindparam, cast, func, select, tuple_

from app.accounts.models import Organization
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.json_types import JsonObject
from app.kernel.text.i18n import language_of
from app.kernel.text.normalization import region_of
from app.prescreens.models import STAGE_COUNTS, Prescreen, Questionnaire, QuestionnaireVersion
from app.prescreens.queries.stages import Reach, whose
from app.prescreens.rules.questions import Question, read_questions
from app.prescreens.rules.texts import Closing, translated, translation


@dataclass(frozen=True, slots=True)
class QuestionnaireDetail:
    """One version of a questionnaire, with its organization: what the chat and the pages show."""

    id: UUID
    slug: str
    name: str
    is_open: bool
    number: int
    introduction: str
    questions: tuple[Question, ...]
    organization_id: int
    organization_slug: str
    organization_name: str
    locale: str
    time_zone: str
    decision_emails: bool
    country: str | None
    texts: JsonObject | None
    """Language, closing words and translations; None in versions that were published before there were any."""
    blind: bool = False

    @property
    def closing(self) -> Closing:
        """What the organization adds to each outcome."""
        return Closing.read((self.texts or {}).get("closing", {}))

    @property
    def languages(self) -> list[str]:
        """The languages in which it can be answered, its own first."""
        texts = self.texts or {}
        return [texts.get("language") or language_of(self.locale), *texts.get("translations", {})]

    def in_language(self, locale: str) -> "QuestionnaireDetail":
        """The same in another language, when it is translated into it."""
        words = (self.texts or {}).get("translations", {}).get(language_of(locale))
        if words is None or language_of(locale) == language_of(self.locale):
            return self
        return replace(
            self,
            locale=language_of(locale),
            name=translation(words, "name", self.name),
            introduction=translation(words, "introduction", self.introduction),
            questions=translated(self.questions, words),
            texts={
                **(self.texts or {}),
                "language": self.languages[0],
                "closing": self.closing.translated(words).stored(),
            },
        )

    @property
    def region(self) -> str | None:
        """The country in which telephone numbers are dialled without a prefix; None when none is known."""
        return self.country or region_of(self.time_zone)


_DETAIL = (
    select(
        Questionnaire.id,
        Questionnaire.slug,
        Questionnaire.name,
        and_(Questionnaire.is_open, Organization.closed_at.is_(None)),
        QuestionnaireVersion.number,
        QuestionnaireVersion.introduction,
        QuestionnaireVersion.questions,
        Organization.id,
        Organization.slug,
        Organization.name,
        Organization.locale,
        Organization.time_zone,
        Organization.decision_emails,
        Organization.country,
        QuestionnaireVersion.texts,
        Questionnaire.blind,
    )
    .join_from(Questionnaire, QuestionnaireVersion, QuestionnaireVersion.workflow_template_id == Questionnaire.id)
    .join(Organization, Organization.id == Questionnaire.organization_id)
)


_VERSION: Prepared[Sequence[Any]] = Prepared(  # the columns of _DETAIL
    _DETAIL.where(Questionnaire.id == bindparam("id"), QuestionnaireVersion.number == bindparam("number"))
)


def _detail(row: Sequence[Any] | None) -> QuestionnaireDetail | None:  # the same
    if row is None:
        return None
    found = QuestionnaireDetail(*(*row[:6], read_questions(row[6]), *row[7:]))
    own = (found.texts or {}).get("language", "")
    return replace(found, locale=own) if own and own != language_of(found.locale) else found


def by_address(db: Db, organization: str, questionnaire: str) -> QuestionnaireDetail | None:
    """The current version behind /p/<organization>/<questionnaire>, open or not."""
    statement = _DETAIL.where(
        Organization.slug == organization,
        Questionnaire.slug == questionnaire,
        QuestionnaireVersion.number == Questionnaire.current_version,
    )
    return _detail(db.execute(statement).one_or_none())


def of_prescreen(db: Db, prescreen: Prescreen) -> QuestionnaireDetail:
    """The version that a prescreen was started with, in the language in which it is answered."""
    found = version(db, prescreen.workflow_template_id, prescreen.template_version)
    return found.in_language(prescreen.locale)


def version(db: Db, id: UUID, number: int) -> QuestionnaireDetail:
    """The version that a prescreen was started with. It always exists: a foreign key holds the two together."""
    found = _detail(_VERSION.first(db, {"id": id, "number": number}))
    if found is None:
        raise LookupError("A prescreen without the version of its questionnaire.")
    return found


_QUESTIONS: Prepared[tuple[UUID, int, Any]] = Prepared(  # JSON
    select(
        QuestionnaireVersion.workflow_template_id, QuestionnaireVersion.number, QuestionnaireVersion.questions
    ).where(
        tuple_(QuestionnaireVersion.workflow_template_id, QuestionnaireVersion.number).in_(
            bindparam("wanted", expanding=True)
        )
    )
)


def questions_of(db: Db, versions: Iterable[tuple[UUID, int]]) -> dict[tuple[UUID, int], tuple[Question, ...]]:
    """The questions of several versions at once."""
    wanted = sorted(set(versions), key=str)
    if not wanted:
        return {}
    found = _QUESTIONS.all(db, {"wanted": wanted})
    return {(id, number): read_questions(questions) for id, number, questions in found}


VERSIONS_AT_ONCE = 50


def every_question(db: Db, reach: Reach, questionnaire_id: UUID | None) -> Collection[Question]:
    """The questions of every version of a questionnaire (None: of all in a reach), each key once, as the newest version
    with it asks. However many versions there are, some at a time are in memory."""
    version = QuestionnaireVersion
    statement = (
        select(version.workflow_template_id, version.number)
        .join(Questionnaire, Questionnaire.id == version.workflow_template_id)
        .where(reach.rows(Questionnaire.organization_id))
        .order_by(version.created_at, version.number, version.workflow_template_id)
    )
    if questionnaire_id:
        statement = statement.where(Questionnaire.id == questionnaire_id)
    rest = iter([(id, number) for id, number in db.execute(statement)])
    found: dict[str, Question] = {}
    while some := list(islice(rest, VERSIONS_AT_ONCE)):
        read = questions_of(db, some)
        found |= {question.key: question for each in some for question in read[each]}
    return found.values()


class QuestionnaireName(NamedTuple):
    """A questionnaire, as filters and charts name it."""

    id: UUID
    name: str
    organization_name: str


def names(db: Db, reach: Reach) -> list[QuestionnaireName]:
    """The questionnaires of a reach, for a filter."""
    return _names(reach.kind).all(db, reach.values)


@lru_cache(maxsize=8)
def _names(kind: str) -> Prepared[QuestionnaireName]:
    return Prepared(
        select(Questionnaire.id, Questionnaire.name, Organization.name)
        .join_from(Questionnaire, Organization, Organization.id == Questionnaire.organization_id)
        .where(*whose(Questionnaire.organization_id, kind), Questionnaire.current_version > 0)
        .order_by(Organization.name, Questionnaire.name)
        .limit(200),
        QuestionnaireName,
    )


def organizations(db: Db, reach: Reach) -> list[tuple[int, str]]:
    """Id and name of the organizations that have questionnaires, for a filter."""
    return _organizations(reach.kind).all(db, reach.values)


@lru_cache(maxsize=8)
def _organizations(kind: str) -> Prepared[tuple[int, str]]:
    having = select(Questionnaire.organization_id).where(*whose(Questionnaire.organization_id, kind))
    statement = select(Organization.id, Organization.name).where(Organization.id.in_(having))
    return Prepared(statement.order_by(Organization.name).limit(500))


class ListedQuestionnaire(NamedTuple):
    """A questionnaire in the list, in its current version. `started` is its number of prescreens, `drafted` whether a
    draft waits to be published; one that was never published has no questions here."""

    id: UUID
    slug: str
    name: str
    is_open: bool
    current_version: int
    created_at: datetime
    organization_id: int
    organization_slug: str
    organization_name: str
    questions: list[JsonObject] | None
    published_at: datetime | None
    started: int
    drafted: bool


def listing(db: Db, reach: Reach) -> list[ListedQuestionnaire]:
    """The questionnaires of a reach, with their numbers of prescreens from counters."""
    counts = STAGE_COUNTS.c
    started = (
        # PostgreSQL adds up whole numbers to a decimal.
        select(cast(func.coalesce(func.sum(counts.n), 0), BigInteger))
        .where(counts.organization_id == Questionnaire.organization_id, counts.workflow_template_id == Questionnaire.id)
        .scalar_subquery()
    )
    rows = db.execute(
        select(
            Questionnaire.id,
            Questionnaire.slug,
            Questionnaire.name,
            and_(Questionnaire.is_open, Organization.closed_at.is_(None)),
            Questionnaire.current_version,
            Questionnaire.created_at,
            Questionnaire.organization_id,
            Organization.slug,
            Organization.name,
            QuestionnaireVersion.questions,
            QuestionnaireVersion.created_at,
            started,
            Questionnaire.draft.is_not(None),
        )
        .join_from(Questionnaire, Organization, Organization.id == Questionnaire.organization_id)
        .outerjoin(
            QuestionnaireVersion,
            and_(
                QuestionnaireVersion.workflow_template_id == Questionnaire.id,
                QuestionnaireVersion.number == Questionnaire.current_version,
            ),
        )
        .where(reach.rows(Questionnaire.organization_id))
        .order_by(Organization.name, Questionnaire.name)
        .limit(500)
    )
    return [ListedQuestionnaire._make(row) for row in rows]


@cache
def _one(kind: str, numbered: bool) -> Prepared[Sequence[Any]]:  # the same
    number = bindparam("number") if numbered else Questionnaire.current_version
    return Prepared(
        _DETAIL.where(
            Questionnaire.id == bindparam("id"),
            QuestionnaireVersion.number == number,
            *whose(Questionnaire.organization_id, kind),
        )
    )


def one(db: Db, reach: Reach, id: UUID, number: int | None = None) -> QuestionnaireDetail | None:
    """A questionnaire in version `number`, by default the current one."""
    found = _one(reach.kind, bool(number)).first(db, {"id": id, "number": number, **reach.values})
    return _detail(found)


class Version(NamedTuple):
    """A version of a questionnaire in its history."""

    number: int
    author: str
    reason: str
    created_at: datetime


def versions(db: Db, id: UUID) -> list[Version]:
    """The versions of a questionnaire, newest first."""
    rows = db.execute(
        select(
            QuestionnaireVersion.number,
            QuestionnaireVersion.author,
            QuestionnaireVersion.reason,
            QuestionnaireVersion.created_at,
        )
        .where(QuestionnaireVersion.workflow_template_id == id)
        .order_by(QuestionnaireVersion.number.desc())
    )
    return [Version._make(row) for row in rows]
