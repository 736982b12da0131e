"""The originals held against the chain: each that the chain names must be there, with its hash, unless it was erased.

Pure: no database, no Flask, no clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.inspections import chain
from app.inspections.verification import Finding, Result


@dataclass(frozen=True, slots=True)
class Named:
    """The originals that a chain names: SHA-256 → media type, and those of them that were erased."""

    types: dict[str, str]
    erased: frozenset[str]


def named(links: Sequence[chain.Link]) -> Named:
    """What the chain says of originals."""
    payloads = [(link.kind, json.loads(link.payload)) for link in links if link.kind.startswith("evidence.")]
    return Named(
        {each["sha256"]: each["type"] for kind, each in payloads if kind == "evidence.captured"},
        frozenset(each["sha256"] for kind, each in payloads if kind == "evidence.erased"),
    )


def known(links: Sequence[chain.Link], faults: Mapping[str, str]) -> Finding | None:
    """What the originals came to when they were read last; `faults` are those that were missing or changed then.

    Each was read back when it was received, and the worker reads all of them again and again (reading.py).
    """
    found = {"missing": None, "changed": ""}
    return check(links, lambda sha256: found.get(faults.get(sha256, ""), sha256), " when they were read last")


def check(links: Sequence[chain.Link], hash_of: Callable[[str], str | None], when: str = "") -> Finding | None:
    """What the originals come to; None where the chain names none.

    `hash_of` gives the SHA-256 of the file that is kept under a SHA-256, or None when there is none.
    """
    the_chain = named(links)
    if not the_chain.types:
        return None
    whole = 0
    for sha256 in the_chain.types:
        if sha256 in the_chain.erased:
            continue
        found = hash_of(sha256)
        if found is None:
            sentence = f"The original {sha256[:10]}… is missing."
            return Finding(Result.BROKEN, sentence, word="evidence_broken")
        if found != sha256:
            sentence = f"The original {sha256[:10]}… was changed."
            return Finding(Result.BROKEN, sentence, word="evidence_broken")
        whole += 1
    have = ("had its hash", "had their hashes") if when else ("has its hash", "have their hashes")
    originals = f"1 original {have[0]}" if whole == 1 else f"{whole} originals {have[1]}"
    gone = f"{when}, {len(the_chain.erased)} erased" if the_chain.erased else when
    facts = {"n": whole, "erased": len(the_chain.erased)}
    return Finding(Result.NOT_PROVEN, f"The evidence holds: {originals}{gone}.", word="evidence_holds", facts=facts)
