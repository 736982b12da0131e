"""What typed text means, by the kind of its field. API, forms, chat and commands read each kind by the same function.

- `code`: digits of any script are digits; spaces, punctuation and invisible characters are nothing.
- `telephone`: kept as typed, with ASCII digits, plain spaces and hyphens; 6 to 15 digits, and an extension.
  `telephone_key` matches it.
- `number`: read by the conventions of a language; what could be two numbers is asked again.
- `name`: without characters that turn its direction around; empty when nothing of it can be seen.
- `email`: without invisible characters, with ASCII signs for full-width ones; `email_key` ignores case.
- `text`: line breaks are one character, as the API counts; empty when nothing of it can be seen.
- `query`: on one line, with its joiners, which belong to words.
- Search words: `tokens` of stored texts and `query_terms` of queries, folded alike.
"""

from app.kernel.text.normalization.characters import (
    ascii_digits,
    is_blank,
    isolated,
    plain,
    without_marks,
    without_overrides,
)
from app.kernel.text.normalization.codes import code
from app.kernel.text.normalization.lines import email, email_key, name, query, shown, text
from app.kernel.text.normalization.numbers import Ambiguous, NotANumber, number, written
from app.kernel.text.normalization.telephones import (
    region_of,
    telephone,
    telephone_key,
    telephone_spellings,
    without_extension,
)
from app.kernel.text.normalization.words import (
    MARK,
    MOST_WANTED,
    VERSION,
    Term,
    fold,
    longest_prefix,
    prefixes,
    query_terms,
    ranking,
    spans,
    split,
    tokens,
)

__all__ = [
    "MARK",
    "MOST_WANTED",
    "VERSION",
    "Ambiguous",
    "NotANumber",
    "Term",
    "ascii_digits",
    "code",
    "email",
    "email_key",
    "fold",
    "is_blank",
    "isolated",
    "longest_prefix",
    "name",
    "number",
    "plain",
    "prefixes",
    "query",
    "query_terms",
    "ranking",
    "region_of",
    "shown",
    "spans",
    "split",
    "telephone",
    "telephone_key",
    "telephone_spellings",
    "text",
    "tokens",
    "without_extension",
    "without_marks",
    "without_overrides",
    "written",
]
