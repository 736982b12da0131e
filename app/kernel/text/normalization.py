"""Normalization of text for search: folded words, their indexed prefixes, and the terms of a query.

The prefixes are computed here, so that both databases find the same. A folded word has letters and digits only, so that
no query syntax of either database can be injected.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LONGEST_WORD = 40
MOST_WORDS = 80
MOST_WANTED = 8
PREFIX_LENGTHS = (*range(1, 13), 16, 24, 40)
"""The lengths of indexed prefixes. A typed word between two lengths is found by the shorter one and then compared."""

MARK = "\ue000"
"""First character of tokens that are no words (such as the organization). No folded word has it."""

# Letters that Unicode does not decompose into a plain letter and a mark.
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
# Scripts without spaces between words: each character is a word.
_UNSPACED = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_WORD = re.compile(rf"{_UNSPACED}|(?:(?!{_UNSPACED})[^\W_])+")
DIGITS_OF_A_NUMBER = range(7, 16)


def fold(text: str) -> str:
    """Text without differences of case, accents, width and kinds of digits; other characters stay."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_PLAIN)
    folded = []
    for character in plain:
        category = unicodedata.category(character)
        if category == "Nd":
            folded.append(str(unicodedata.digit(character)))
        elif category[0] != "M":
            folded.append(character if category[0] in "LN" or character.isascii() else " ")
    return "".join(folded)


def split(folded: str) -> list[str]:
    """The words of a folded text, in order."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded)]


def tokens(*texts: str | None) -> list[str]:
    """The tokens of texts: words; hyphenated words also joined; numbers also as digits, with and without country code.

    Each once, at most MOST_WORDS.
    """
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
    """`o'brien` and `2026-1184` joined; None for addresses, which are found by their parts."""
    parts = split(piece)
    return "".join(parts)[:LONGEST_WORD] if len(parts) > 1 and "@" not in piece and len(parts) < 7 else None


def _numbers(folded: str) -> list[str]:
    found = ("".join(character for character in run if "0" <= character <= "9") for run in _NUMBER.findall(folded))
    return [digits for digits in found if len(digits) in DIGITS_OF_A_NUMBER]


def prefixes(*found: str) -> set[str]:
    """The indexed prefixes of folded words."""
    return {word[:length] for word in found for length in PREFIX_LENGTHS if length <= len(word)}


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a query: it is found when all words of one of its `variants` are."""

    variants: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=256)
def query_terms(text: str) -> tuple[Term, ...]:
    """The terms of a query. A number or a hyphenated word may also be found joined."""
    folded = fold(text)
    numbers = [run for run in _NUMBER.finditer(folded) if _is_number(run[0])]
    terms: dict[Term, None] = {}
    at = 0
    for run in [*numbers, None]:
        for piece in _PIECE.findall(folded[at : run.start() if run else None]):
            terms[_term(tuple(split(piece)), _joined(piece))] = None
        if run is not None:
            digits = "".join(character for character in run[0] if character.isdigit())
            terms[_term(tuple(split(run[0])), digits.removeprefix("00"))] = None
            at = run.end()
    terms.pop(Term(()), None)
    return tuple(terms)[:MOST_WANTED]


def _is_number(run: str) -> bool:
    return len(_numbers(run)) == 1


def _term(parts: tuple[str, ...], whole: str | None) -> Term:
    variants = [parts[:MOST_WANTED]] if parts else []
    if whole and (whole,) not in variants:
        variants.append((whole,))
    return Term(tuple(variants))


def longest_prefix(word: str) -> str:
    """The longest indexed prefix of a word."""
    return word[: max(length for length in PREFIX_LENGTHS if length <= len(word))]


def rank(terms: tuple[Term, ...], title: list[str], rest: list[str]) -> int | None:
    """The rank of a hit: lower is better; words of the title before others, whole words before prefixes.

    None when a term is missing.
    """
    total = 0
    for term in terms:
        found = [score for variant in term.variants if (score := _worst(variant, title, rest)) is not None]
        if not found:
            return None
        total += min(found)
    return total


def _worst(variant: tuple[str, ...], title: list[str], rest: list[str]) -> int | None:
    worst = 0
    for word in variant:
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
