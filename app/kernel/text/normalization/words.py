"""Search words of texts and of queries: folded words, their indexed prefixes, and the terms of a query.

The prefixes are computed here, so that both databases find the same. A folded word has letters and digits only, so that
no query syntax of either database can be injected.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from app.kernel.text.normalization.characters import without_marks

LONGEST_WORD = 40
MOST_WORDS = 80
MOST_WANTED = 8
PREFIX_LENGTHS = (*range(1, 13), 16, 24, 40)
"""The lengths of indexed prefixes. A typed word between two lengths is found by the shorter one and then compared."""

VERSION = 3
"""Grows when texts are folded in another way: the search index is then made anew by the upgrade."""

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
        # What is typed for an apostrophe, and letters that look like one (Kaʻahumanu).
        **dict.fromkeys("\u2018\u2019\u201b\u2032\u02b9\u02bb\u02bc\u02bd`", "'"),
        # Arabic letters that keyboards of other languages write in another form, and those that are left out.
        "ٱ": "ا",
        **dict.fromkeys("ىیېۍؠے", "ي"),
        **dict.fromkeys("کڪ", "ك"),
        **dict.fromkeys("ةەہھۃ", "ه"),
        "ں": "ن",
        **dict.fromkeys("ءٴـ"),
    }
)
_BREAK = "\ue001"
"""Stands for a character between two words that nobody sees: they are one word, and also two."""
_BREAKS = str.maketrans(dict.fromkeys("\u200b\u200c", _BREAK))
_NUMBER = re.compile(r"(?<![\w-])\+?\(?\d(?:[\d().\-/ ]*\d)?(?![\w-])")
_PIECE = re.compile(r"\S+")
# Scripts without spaces between words: each character is a word.
_UNSPACED = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_WORD = re.compile(rf"{_UNSPACED}|(?:(?!{_UNSPACED})[^\W_])+")
_ASCII_WORD = re.compile(r"[0-9A-Za-z]+")
DIGITS_OF_A_NUMBER = range(7, 16)


def fold(text: str) -> str:
    """Text without differences of case, accents, width, kinds of digits and of Arabic letters, and without invisible
    characters; other characters stay.
    """
    return _folded(text).replace(_BREAK, "")


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    text = without_marks(text.replace(_BREAK, " ").translate(_BREAKS))
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_PLAIN)
    folded = []
    for character in plain:
        category = unicodedata.category(character)
        if category == "Nd":
            folded.append(str(unicodedata.digit(character)))
        elif category[0] != "M":
            folded.append(character if category[0] in "LN" or character.isascii() or character == _BREAK else " ")
    return "".join(folded)


def split(folded: str) -> list[str]:
    """The words of a folded text, in order."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded.replace(_BREAK, ""))]


def spans(text: str) -> Iterator[tuple[int, str]]:
    """The words of a text as they are written, with their marks and joiners, each after its place."""
    if text.isascii():
        yield from ((found.start(), found[0]) for found in _ASCII_WORD.finditer(text))
        return
    start = None
    for at, character in enumerate(f"{text} "):
        inside = character.isalnum() or (start is not None and _belongs(character))
        if inside and start is None:
            start = at
        elif not inside and start is not None:
            yield start, text[start:at]
            start = None


def _belongs(character: str) -> bool:
    """Whether a character is part of the word that it stands in: an accent, a joiner."""
    return unicodedata.category(character)[0] == "M" or not without_marks(character)


def tokens(*texts: str | None) -> list[str]:
    """The tokens of texts: words; hyphenated words also joined; numbers also as digits, with and without country code.

    Each once, at most MOST_WORDS.
    """
    found: dict[str, None] = {}
    others: dict[str, None] = {}
    for text in texts:
        folded = _folded(text) if text else ""
        found.update(dict.fromkeys(split(folded)))
        for piece in _PIECE.findall(folded):
            others.update(dict.fromkeys(word for variant in _variants(piece)[1:] for word in variant))
        for digits in _numbers(folded):
            others[digits] = None
            if len(digits) > 9:
                others.update(dict.fromkeys(digits[start:] for start in (1, 2, 3)))
                others[digits[-4:]] = None
    found = dict.fromkeys(list(found)[:MOST_WORDS])
    found.update(dict.fromkeys(list(others)[: MOST_WORDS // 4]))
    return list(found)


def _variants(piece: str) -> list[tuple[str, ...]]:
    """The words of a text without spaces; `o'brien` and `2026-1184` also joined, except in addresses, which are found
    by their parts; and what an invisible break separates also apart.
    """
    parts = split(piece)
    found = [tuple(parts)] if parts else []
    if 1 < len(parts) < 7 and "@" not in piece:
        found.append(("".join(parts)[:LONGEST_WORD],))
    if _BREAK in piece and (apart := split(piece.replace(_BREAK, " "))) and tuple(apart) not in found:
        found.append(tuple(apart))
    return found


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
    folded = _folded(text)
    numbers = [run for run in _NUMBER.finditer(folded) if _is_number(run[0])]
    terms: dict[Term, None] = {}
    at = 0
    for run in [*numbers, None]:
        for piece in _PIECE.findall(folded[at : run.start() if run else None]):
            terms[_term(_variants(piece))] = None
        if run is not None:
            digits = "".join(character for character in run[0] if character.isdigit())
            terms[_term([tuple(split(run[0])), (digits.removeprefix("00"),)])] = None
            at = run.end()
    terms.pop(Term(()), None)
    return tuple(terms)[:MOST_WANTED]


def _is_number(run: str) -> bool:
    return len(_numbers(run)) == 1


def _term(variants: list[tuple[str, ...]]) -> Term:
    return Term(tuple(dict.fromkeys(each[:MOST_WANTED] for each in variants if each)))


def longest_prefix(word: str) -> str:
    """The longest indexed prefix of a word."""
    return word[: max(length for length in PREFIX_LENGTHS if length <= len(word))]


def ranking(terms: tuple[Term, ...]) -> Callable[[str, str], int | None]:
    """A function that ranks hits by the tokens of their title and of the rest, with a space between two: lower is
    better; words of the title before others, whole words before prefixes.

    It returns None when a term is missing.
    """
    wanted = [[[(f" {word}", f" {word} ") for word in variant] for variant in term.variants] for term in terms]

    def rank_one_word(title: str, rest: str) -> int | None:
        title, rest = f" {title} ", f" {rest} "
        if begins in title:
            return 0 if whole in title else 1
        if begins in rest:
            return 2 if whole in rest else 3
        return None

    if [[len(words) for words in variants] for variants in wanted] == [[1]]:
        begins, whole = wanted[0][0][0]
        return rank_one_word

    def rank(title: str, rest: str) -> int | None:
        total, title, rest = 0, f" {title} ", f" {rest} "
        for variants in wanted:
            best = MISSING
            for words in variants:
                worst = 0
                for begins, whole in words:
                    if begins in title:
                        score = 0 if whole in title else 1
                    elif begins in rest:
                        score = 2 if whole in rest else 3
                    else:
                        score = MISSING
                    worst = max(worst, score)
                best = min(best, worst)
            if best == MISSING:
                return None
            total += best
        return total

    return rank


MISSING = 4
"""The rank of a word that is not there."""
