"""The chain as files that verify offline with stock tools (docs/inspections.md, "Verify it without us")."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.hazmat.primitives.serialization import Encoding

from app.inspections import anchors, chain
from app.inspections.verification import StampedStatement
from app.kernel.crypto import sha256

LARGEST = 1 << 28
"""Bytes of a bundle that is read, unpacked."""

VERIFY_SCRIPT = r"""#!/bin/sh
# Verifies this folder with stock tools: sh verify.sh [ROOTS]
# ROOTS: root certificates that YOU obtained from the authorities, a PEM file or a folder of .pem files.
# Ends with 0: proven. 1: BROKEN, something contradicts. 2: not proven, no stamp or no root for one.
# events/NNNNNN holds the five hashed lines of one event; chain.sha256 lists their hashes in order.
# anchors/N-NAME.json is what an authority was asked to stamp, .tsr its answer, both as they were stored.
# The certificates in anchors/*.pem came with the answers, and a forger can put others there: they prove nothing.
set -eu
broken() { echo "BROKEN: $1"; exit 1; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
previous=$(printf '%064d' 0); count=0
while read -r hash file; do
  count=$((count + 1))
  [ "$(sed -n 1p "$file")" = "$count" ] || broken "event $count is missing"
  [ "$(sed -n 2p "$file")" = "$previous" ] || broken "event $count does not follow from the one before"
  [ "$(sha256sum < "$file" | cut -d' ' -f1)" = "$hash" ] || broken "event $count was changed"
  previous=$hash
done < chain.sha256
echo "Chain holds: $count events, head $previous"
session=$(sed -n 4p events/000001 | sed -n 's/.*"session":"\([^"]*\)".*/\1/p')
people() {
  sed -n 's/,$//; /^{/p' people.json | while IFS= read -r record; do
    hash=$(printf '%s' "$record" | sha256sum | cut -d' ' -f1)
    grep -q "\"record\":\"$hash\"" events/* || { echo "$hash"; break; }
  done
}
if [ -f people.json ]; then
  [ -z "$(people)" ] || broken "a personal record in people.json is not one that the chain names"
  named=$(cat events/* | grep -c '"record":"[0-9a-f]*"' || true)
  echo "Personal records agree: $(grep -c '^{' people.json || true) of the $named that the chain names are here."
fi
agrees() {
  events=$(sed -n 's/.*"events":\([0-9]*\),.*/\1/p' "$1"); head=$(sed -n 's/.*"head":"\([0-9a-f]*\)".*/\1/p' "$1")
  [ -n "$events" ] && [ -n "$head" ] || broken "$1 cannot be read"
  grep -q "\"session\":\"$session\"}" "$1" || broken "$1 names another session"
  [ "$events" = "$count" ] && [ "$head" = "$previous" ] || broken "$1 speaks of another chain"
}
[ -f statement.json ] || { echo "NOT PROVEN: the session has not ended, so nothing is time-stamped."; exit 2; }
agrees statement.json
echo "Statement agrees."
if [ $# -gt 0 ]; then
  if [ -d "$1" ]; then cat "$1"/*.pem > "$work/roots.pem"; else cat "$1" > "$work/roots.pem"; fi
fi
proven=0
for reply in anchors/*.tsr; do
  [ -f "$reply" ] || { echo "NOT PROVEN: no time stamp has been received."; exit 2; }
  statement="${reply%.tsr}.json"
  agrees "$statement"
  openssl ts -reply -in "$reply" -text > "$work/text" 2>/dev/null || broken "$reply is no time stamp"
  imprint=$(sed -n 's/^ *[0-9a-f]\{4\} - \([0-9a-f -]\{47\}\).*/\1/p' "$work/text" | tr -d ' \n-' | cut -c1-64)
  [ "$imprint" = "$(sha256sum < "$statement" | cut -d' ' -f1)" ] || broken "$reply stamps something else"
  at=$(sed -n 's/^Time stamp: //p' "$work/text")
  echo "$reply: stamped at $at"
  if [ $# -gt 0 ]; then
    if openssl ts -verify -in "$reply" -data "$statement" -CAfile "$work/roots.pem" \
      -attime "$(date -u -d "$at" +%s)" >/dev/null 2>&1
    then proven=$((proven + 1)); echo "  vouched for by $1"
    else echo "  not vouched for by any certificate in $1"; fi
  else
    certificate="${reply%.tsr}.pem"
    [ -f "$certificate" ] && openssl crl2pkcs7 -nocrl -certfile "$certificate" |
      openssl pkcs7 -print_certs -noout | sed -n 's/^subject=/  signed by /p'
    [ -f "$certificate" ] && openssl x509 -in "$certificate" -noout -fingerprint -sha256 | sed 's/^/  /'
  fi
done
if [ "$proven" -gt 0 ]; then echo "PROVEN: $proven time stamps are good."; exit 0; fi
if [ $# -gt 0 ]; then echo "NOT PROVEN: no time stamp leads to a root that you gave."
else echo "NOT PROVEN: give the authorities' root certificates, which must come from elsewhere: sh verify.sh ROOTS"; fi
exit 2
"""


def bundle(
    links: Sequence[chain.Link],
    statement: bytes | None,
    stamped: Sequence[StampedStatement],
    people: Mapping[str, str | None] = MappingProxyType({}),
) -> bytes:
    """A zip that verifies offline: the events as hashed, their hashes, what was stamped, the raw replies, the script.

    `people` are the personal records beside the chain, by SHA-256; those that were erased are left out.

    `statement` is that of an ended inspection, for which nobody may have been asked. The same record gives the same
    bytes. Statements and replies are shipped as they were stored, never made again.
    """
    files: dict[str, bytes] = {"verify.sh": VERIFY_SCRIPT.encode()}
    names = [(link, f"events/{link.sequence:06d}") for link in links]
    files["chain.sha256"] = "".join(f"{link.hash}  {name}\n" for link, name in names).encode()
    files |= {name: link.preimage() for link, name in names}
    # A record a line, in the very bytes that were hashed.
    records = ",\n".join(content for content in people.values() if content is not None)
    files["people.json"] = f"[\n{records}\n]\n".encode()
    if stamped or statement is not None:
        files["statement.json"] = stamped[0].statement.encode() if stamped else statement or b""
    for number, each in enumerate((each for each in stamped if each.reply), start=1):
        place = f"anchors/{number}-{re.sub('[^a-z0-9.-]', '_', anchors.name_of(each.authority).lower())}"
        reply = each.reply or b""
        files |= {f"{place}.json": each.statement.encode(), f"{place}.tsr": reply}
        if certificates := anchors.certificates(reply):
            files[f"{place}.pem"] = b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Shipped:
    """A statement and a reply of a bundle."""

    authority: str
    statement: str
    reply: bytes | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle says. `session` is that of its first event."""

    session: str
    links: list[chain.Link]
    stamped: list[Shipped]
    people: dict[str, str | None]


def read(content: bytes) -> Contents:
    """Reads a bundle. Raises ValueError for what is none; what is in it is believed in nothing."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > LARGEST:
                raise ValueError("This bundle is larger than any that is made.")
            files = {name: archive.read(name) for name in archive.namelist()}
        links = [_link(line, files) for line in files["chain.sha256"].decode().splitlines()]
        session = json.loads(links[0].payload)["session"] if links else ""
    except (zipfile.BadZipFile, KeyError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise ValueError("This is no bundle of an inspection.") from error
    replies = sorted(name for name in files if name.startswith("anchors/") and name.endswith(".tsr"))
    stamped = [
        Shipped(
            name.removeprefix("anchors/").removesuffix(".tsr"),
            files.get(f"{name.removesuffix('.tsr')}.json", b"").decode(errors="replace"),
            files[name],
        )
        for name in replies
    ]
    if not stamped and "statement.json" in files:
        stamped = [Shipped("statement.json", files["statement.json"].decode(errors="replace"), None)]
    lines = files.get("people.json", b"").decode(errors="replace").splitlines()
    records = [line.removesuffix(",") for line in lines if line.startswith("{")]
    return Contents(str(session), links, stamped, {sha256(record): record for record in records})


def _link(line: str, files: Mapping[str, bytes]) -> chain.Link:
    digest, name = line.split("  ", 1)
    sequence, previous, kind, payload, occurred_at = files[name].decode().split("\n")
    return chain.Link(int(sequence), previous, kind, payload, occurred_at, digest)
