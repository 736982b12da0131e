"""Text as search sees it: folded words, the beginnings they are found by, and what a typed question asks for.

Both databases are given the same beginnings, worked out here, so that both find the same. A folded word is letters and
digits only: neither database's query language can be spoken through one.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LONGEST_WORD = 40
MOST_WORDS = 80
MOST_WANTED = 8
LADDER = (*range(1, 13), 16, 24, 40)
"""The lengths at which beginnings are indexed. A typed word between two rungs is found by the lower, then compared."""

MARK = "\ue000"
"""Begins what is indexed besides words (whose it is). No folded word holds it."""

# Letters that Unicode does not take apart into a plain one and a mark.
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ħ": "h",
        "\u2019": "'",
        "\u0640": None,
    }
)
_NUMBER = re.compile(r"(?<![\w-])\+?\(?\d(?:[\d().\-/ ]*\d)?(?![\w-])")
_PIECE = re.compile(r"\S+")
# Scripts that put no spaces between words: each sign is a word.
_UNSPACED = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_WORD = re.compile(rf"{_UNSPACED}|(?:(?!{_UNSPACED})[^\W_])+")
DIGITS_OF_A_NUMBER = range(7, 16)


def fold(text: str) -> str:
    """Case, accents, widths and kinds of digits set aside; whatever is neither letter nor digit stays as it is."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_PLAIN)
    kept = []
    for sign in plain:
        kind = unicodedata.category(sign)
        if kind == "Nd":
            kept.append(str(unicodedata.digit(sign)))
        elif kind[0] != "M":
            kept.append(sign if kind[0] in "LN" or sign.isascii() else " ")
    return "".join(kept)


def split(folded: str) -> list[str]:
    """The words of a folded text, in order."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded)]


def tokens(*texts: str | None) -> list[str]:
    """What texts are found by: their words; hyphenated ones also in one; numbers also as bare digits, from the country
    code on and without it. Each once, at most MOST_WORDS."""
    found: dict[str, None] = {}
    joined: dict[str, None] = {}
    for text in texts:
        folded = fold(text) if text else ""
        found.update(dict.fromkeys(split(folded)))
        for piece in _PIECE.findall(folded):
            whole = _joined(piece)
            if whole:
                joined[whole] = None
        for digits in _numbers(folded):
            joined[digits] = None
            if len(digits) > 9:
                joined.update(dict.fromkeys(digits[start:] for start in (1, 2, 3)))
                joined[digits[-4:]] = None
    found = dict.fromkeys(list(found)[:MOST_WORDS])
    found.update(dict.fromkeys(list(joined)[: MOST_WORDS // 4]))
    return list(found)


def _joined(piece: str) -> str | None:
    """`o'brien` and `2026-1184` in one; nothing for addresses, which are found by their parts."""
    parts = split(piece)
    return "".join(parts)[:LONGEST_WORD] if len(parts) > 1 and "@" not in piece and len(parts) < 7 else None


def _numbers(folded: str) -> list[str]:
    found = ("".join(sign for sign in run if "0" <= sign <= "9") for run in _NUMBER.findall(folded))
    return [digits for digits in found if len(digits) in DIGITS_OF_A_NUMBER]


def prefixes(*found: str) -> set[str]:
    """What is indexed for folded words."""
    return {word[:rung] for word in found for rung in LADDER if rung <= len(word)}


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that must be found: all words of one of its `ways`."""

    ways: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=256)
def query_terms(text: str) -> tuple[Term, ...]:
    """What a typed text asks for: every term of it. A number or a hyphenated word may also be found in one."""
    folded = fold(text)
    numbers = [run for run in _NUMBER.finditer(folded) if _is_number(run[0])]
    terms: dict[Term, None] = {}
    at = 0
    for run in [*numbers, None]:
        for piece in _PIECE.findall(folded[at : run.start() if run else None]):
            terms[_term(tuple(split(piece)), _joined(piece))] = None
        if run is not None:
            digits = "".join(sign for sign in run[0] if sign.isdigit())
            terms[_term(tuple(split(run[0])), digits.removeprefix("00"))] = None
            at = run.end()
    terms.pop(Term(()), None)
    return tuple(terms)[:MOST_WANTED]


def _is_number(run: str) -> bool:
    return len(_numbers(run)) == 1


def _term(parts: tuple[str, ...], whole: str | None) -> Term:
    ways = [parts[:MOST_WANTED]] if parts else []
    if whole and (whole,) not in ways:
        ways.append((whole,))
    return Term(tuple(ways))


def longest_prefix(word: str) -> str:
    """The longest indexed beginning of a word."""
    return word[: max(length for length in LADDER if length <= len(word))]


def rank(terms: tuple[Term, ...], title: list[str], rest: list[str]) -> int | None:
    """How well words answer: lower is better, words of the title before others, whole ones before beginnings.

    None when a term is not there.
    """
    total = 0
    for term in terms:
        found = [score for way in term.ways if (score := _worst(way, title, rest)) is not None]
        if not found:
            return None
        total += min(found)
    return total


def _worst(way: tuple[str, ...], title: list[str], rest: list[str]) -> int | None:
    worst = 0
    for word in way:
        if word in title:
            score = 0
        elif any(each.startswith(word) for each in title):
            score = 1
        elif word in rest:
            score = 2
        elif any(each.startswith(word) for each in rest):
            score = 3
        else:
            return None
        worst = max(worst, score)
    return worst
