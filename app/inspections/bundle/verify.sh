#!/bin/sh
# Verifies this folder with stock tools: sh verify.sh [ROOTS]
# ROOTS (or TSA_ROOTS): root certificates that YOU obtained from the authorities, a PEM file or a folder of .pem files.
# Ends with 0: proven. 1: BROKEN, something contradicts. 2: not proven, no stamp or no root for one.
# HOW-THIS-WAS-MADE.html says what each file is. Bundles of the former layout are read as well.
# The certificates in anchors/*.pem and roots/ came with the bundle, and a forger can put others there: they prove nothing.
set -eu
LC_ALL=C; export LC_ALL
newline='
'
broken() { echo "BROKEN: $1"; exit 1; }
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
if [ -f format.txt ]; then
  [ "$(cat format.txt)" = session-desk/bundle/2 ] || { echo "This script does not know the format $(cat format.txt)."; exit 2; }
fi

# Every file has the hash that it was packed with, and there is no other one in the folders.
if [ -f SHA256SUMS ]; then
  sha256sum -c SHA256SUMS > "$work/sums" 2>/dev/null || true
  wrong=$(grep -v ': OK$' "$work/sums" | head -n 1 | sed 's/: [A-Z].*//' || true)
  [ -z "$wrong" ] || [ -f "$wrong" ] || broken "$wrong is missing"
  [ -z "$wrong" ] || broken "$wrong was changed"
  sed 's/^[0-9a-f]* [ *]//' SHA256SUMS > "$work/listed"
  find anchors consent copies originals roots statements -type f > "$work/files" 2>/dev/null || true
  while IFS= read -r file; do
    grep -qxF "$file" "$work/listed" || broken "SHA256SUMS does not name $file"
  done < "$work/files"
  echo "$(grep -c . SHA256SUMS) files have the hashes that they were packed with."
fi

# The five hashed lines of each event, in a file of its own, and a list of their hashes.
if [ -f events.jsonl ]; then
  events=$work/events; hashes=$work/chain.sha256; number=0
  mkdir "$events"; : > "$hashes"
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1)); file=$events/$(printf '%06d' "$number")
    parts=$(printf '%s\n' "$line" | sed -n 's/^{"hash":"\([0-9a-f]\{64\}\)","kind":"\([a-z.]*\)","occurred_at":"\([0-9T:.Z-]*\)","payload":\({.*}\),"prev_hash":"\([0-9a-f]\{64\}\)","sequence":\([0-9]*\)}$/\1\
\6\
\5\
\2\
\4\
\3/p')
    [ -n "$parts" ] || broken "line $number of events.jsonl cannot be read"
    printf '%s' "${parts#*"$newline"}" > "$file"
    echo "${parts%%"$newline"*}  $file" >> "$hashes"
  done < events.jsonl
else
  [ -f chain.sha256 ] || broken "events.jsonl is missing"
  events=events; hashes=chain.sha256
fi

previous=$(printf '%064d' 0); count=0
while read -r hash file; do
  count=$((count + 1))
  [ "$(sed -n 1p "$file")" = "$count" ] || broken "event $count is missing"
  [ "$(sed -n 2p "$file")" = "$previous" ] || broken "event $count does not follow from the one before"
  [ "$(sha256sum < "$file" | cut -d' ' -f1)" = "$hash" ] || broken "event $count was changed"
  previous=$hash
done < "$hashes"
echo "Chain holds: $count events, head $previous"
session=$(sed -n 4p "$events/000001" | sed -n 's/.*"session":"\([^"]*\)".*/\1/p')

# Personal records are those that the chain names by their hash.
people() {
  sed -n 's/,$//; /^{/p' people.json | while IFS= read -r record; do
    hash=$(printf '%s' "$record" | sha256sum | cut -d' ' -f1)
    grep -q "\"record\":\"$hash\"" "$events"/* || { echo "$hash"; break; }
  done
}
if [ -f people.json ]; then
  [ -z "$(people)" ] || broken "a personal record in people.json is not one that the chain names"
  named=$(cat "$events"/* | grep -c '"record":"[0-9a-f]*"' || true)
  erased=$(cat "$events"/* | grep -c '"erased":"[0-9a-f]*"' || true)
  here=$(grep -c '^{' people.json || true)
  echo "Personal records agree: $here of the $named that the chain names are here, $erased were erased."
fi

# The words in which consent was asked are those that the chain names.
if [ -f events.jsonl ]; then
  cat "$events"/* | sed -n 's/^{.*"wording":"\([0-9a-f]\{64\}\)".*/\1/p' | sort -u > "$work/wordings"
  while read -r hash; do
    file=consent/$hash.txt
    [ -f "$file" ] || broken "the words of consent $hash are missing"
    [ "$(sha256sum < "$file" | cut -d' ' -f1)" = "$hash" ] || broken "$file was changed"
  done < "$work/wordings"
  for file in consent/*; do
    [ -f "$file" ] || continue
    grep -qx "$(basename "$file" .txt)" "$work/wordings" || broken "the chain does not name $file"
  done
  if [ -s "$work/wordings" ]; then echo "Consent: $(grep -c . "$work/wordings") wordings have their hashes."; fi
fi

# Originals are those that the chain names; one that was erased is not missing.
named() {
  for event in $(grep -lx "$1" "$events"/* || true); do
    sed -n 's/^{.*"sha256":"\([0-9a-f]*\)".*/\1/p' "$event"
  done
}
named evidence.erased > "$work/erased"
named evidence.captured > "$work/captured"
whole=0; erased=0
while read -r hash; do
  file=$(find originals -name "$hash.*" 2>/dev/null | head -n 1)
  if [ -n "$file" ]; then
    [ "$(sha256sum < "$file" | cut -d' ' -f1)" = "$hash" ] || broken "$file was changed"
    whole=$((whole + 1))
  elif grep -qx "$hash" "$work/erased"; then erased=$((erased + 1))
  else broken "the original $hash is missing"; fi
done < "$work/captured"
if [ -s "$work/captured" ]; then echo "Evidence holds: $whole originals have their hashes, $erased erased."; fi
for file in originals/*; do
  [ -f "$file" ] || continue
  hash=$(basename "$file" | cut -d. -f1)
  grep -qx "$hash" "$work/captured" || broken "the chain does not name $file"
done

# What phones signed is by keys that the chain names as the sender's, over the originals that it names. A line for each:
# key, number, SHA-256 of the statement before, of this one, number of the event, format.
signatures() {
  sed -n 's/,$//; /^{.*"signature":"/p' people.json | while IFS= read -r record; do
    hash=$(printf '%s' "$record" | sha256sum | cut -d' ' -f1)
    event=$(grep -l "\"record\":\"$hash\"" "$events"/* | head -n 1)
    original=$(sed -n 's/^{.*"sha256":"\([0-9a-f]*\)".*/\1/p' "$event")
    printf '%s' "$record" | sed 's/.*"statement":"\(.*\)"}$/\1/; s/\\"/"/g' | tr -d '\n' > "$work/statement"
    key=$(sed 's/.*"key": *"\([0-9a-f]*\)".*/\1/' "$work/statement")
    enrolled=$(grep -l "\"key\":\"$key\"" "$events"/* | head -n 1)
    [ -n "$enrolled" ] && [ "$(sed -n 1p "$enrolled")" -lt "$(sed -n 1p "$event")" ] ||
      { echo "foreign $original"; continue; }
    sed -n 's/.*"public":"\([^"]*\)".*/\1/p' "$enrolled" | openssl base64 -d -A > "$work/key.der"
    raw=$(printf '%s' "$record" | sed 's/.*"signature":"\([^"]*\)".*/\1/' | openssl base64 -d -A |
      od -An -v -tx1 | tr -d ' \n')
    printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "$(echo "$raw" | cut -c1-64)" \
      "$(echo "$raw" | cut -c65-128)" > "$work/pair"
    if [ "$(sha256sum < "$work/key.der" | cut -d' ' -f1)" = "$key" ] &&
      grep -q "\"session\": *\"$session\"" "$work/statement" &&
      grep -q "\"sha256\": *\"$original\"" "$work/statement" &&
      grep -q '"number": *[1-9][0-9]\{0,5\}[,}]' "$work/statement" &&
      openssl asn1parse -genconf "$work/pair" -noout -out "$work/signature" > /dev/null 2>&1 &&
      openssl dgst -sha256 -verify "$work/key.der" -keyform DER -signature "$work/signature" "$work/statement" \
        > /dev/null 2>&1
    then :; else echo "bad $original"; continue; fi
    sender=$(sed -n 's/^{.*"participant":"\([^"]*\)".*/\1/p' "$event")
    owner=$(sed -n 's/^{.*"participant":"\([^"]*\)".*/\1/p' "$enrolled")
    [ "$sender" = "$owner" ] || { echo "foreign $original"; continue; }
    echo "$key $(sed 's/.*"number": *\([0-9]*\).*/\1/' "$work/statement")" \
      "$(sed 's/.*"previous": *"\([0-9a-f]*\)".*/\1/' "$work/statement")" \
      "$(sha256sum < "$work/statement" | cut -d' ' -f1) $(sed -n 1p "$event")" \
      "$(sed 's/.*"format": *"\([^"]*\)".*/\1/' "$work/statement")"
  done
}
# What one phone signed agrees on its order. Statements of the format capture/1 are not held against each other: its page
# could give a number twice, when it was open twice at once.
zeros=$(printf '%064d' 0)
in_order() {
  phone=; missing=0
  while read -r key number previous digest event format; do
    if [ "$key" != "$phone" ]; then phone=$key; at=0; before=; by=; fi
    [ "$number" -le "$at" ] || missing=$((missing + number - at - 1))
    mine=$digest; [ "$format" = session-desk/capture/2 ] || mine=
    if [ "$number" = "$at" ]; then
      [ -z "$mine" ] || [ -z "$before" ] || broken "events $by and $event: the phone signed both as number $number"
      continue
    fi
    if [ -n "$mine" ]; then
      if [ "$number" = 1 ]; then [ "$previous" = "$zeros" ]; else [ "$previous" != "$zeros" ]; fi ||
        broken "event $event: number $number of the phone does not follow from the one before"
      [ "$at" != $((number - 1)) ] || [ -z "$before" ] || [ "$previous" = "$before" ] ||
        broken "event $event: number $number of the phone does not follow from number $at, event $by"
    fi
    at=$number; before=$mine; by=$event
  done
}
late_ones() {
  phone=; moved=0
  while read -r key number _; do
    if [ "$key" != "$phone" ]; then phone=$key; latest=0; fi
    if [ "$number" -lt "$latest" ]; then moved=$((moved + 1)); else latest=$number; fi
  done
}
if grep -q '"signature":"' people.json 2>/dev/null; then
  signatures > "$work/signed"
  wrong=$(sed -n 's/^foreign //p' "$work/signed" | head -n 1)
  [ -z "$wrong" ] || broken "the original $wrong is signed by a phone that the chain does not name as its sender's"
  wrong=$(sed -n 's/^bad //p' "$work/signed" | head -n 1)
  [ -z "$wrong" ] || broken "the signature of the phone is not over the original $wrong"
  sort -k1,1 -k2,2n -k5,5n "$work/signed" > "$work/numbered"; in_order < "$work/numbered"
  sort -k1,1 -k5,5n "$work/signed" > "$work/arrived"; late_ones < "$work/arrived"
  echo "Signatures of phones hold: $(grep -c . "$work/signed")."
  [ "$missing" = 0 ] || echo "Numbered by a phone before others, and not here: $missing. Deleted, sent unsigned, or erased."
  [ "$moved" = 0 ] || echo "Arrived after what the same phone captured later: $moved."
fi

# Only erasures, withdrawn consent, remarks on evidence, and what waited on a phone follow the end.
may_follow='record.erased\|evidence.erased\|consent.withdrawn\|evidence.captured\|evidence.remarked'
end=$(grep -lx session.ended "$events"/* | head -n 1 | sed 's/.*\///; s/^0*//')
for file in "$events"/*; do
  number=$(sed -n 1p "$file")
  [ -z "$end" ] || [ "$number" -le "$end" ] || sed -n 3p "$file" | grep -qx "$may_follow" ||
    broken "event $number follows the end of the session"
done

# Every statement agrees with the chain. Sets `about`: "whole" for one of the whole session, "part" for one of its
# beginning or of earlier stamps.
for file in statement.json statements/*.json anchors/*.json anchors/*.tsr; do
  if [ -f "$file" ]; then sha256sum "$file"; fi
done > "$work/there"
agrees() {
  grep -q "\"session\":\"$session\"" "$1" || broken "$1 names another session"
  about=part; stated=0
  if grep -q '"format":"session-desk/renewal-statement/1"' "$1"; then
    for hash in $(grep -o '[0-9a-f]\{64\}' "$1"); do
      grep -q "^$hash " "$work/there" || broken "$1 renews a time stamp that is missing"
    done
    return
  fi
  stated=$(sed -n 's/.*"events":\([0-9]*\),.*/\1/p' "$1"); head=$(sed -n 's/.*"head":"\([0-9a-f]*\)".*/\1/p' "$1")
  [ -n "$stated" ] && [ -n "$head" ] || broken "$1 cannot be read"
  [ "$(sed -n "${stated}p" "$hashes" | cut -d' ' -f1)" = "$head" ] || broken "$1 speaks of another chain"
  if [ -n "$end" ] && [ "$stated" -ge "$end" ]; then about=whole; fi
}
[ -n "$end" ] || [ -f statement.json ] || echo "The session has not ended."
grep -v '\.tsr$' "$work/there" > "$work/statements" || true
while read -r hash file; do agrees "$file"; done < "$work/statements"
if [ -f statement.json ]; then echo "Statement agrees."; fi

# Every time stamp is over one of the statements; the roots that were given decide what it is worth.
roots=${1:-${TSA_ROOTS:-}}
if [ -d "$roots" ]; then cat "$roots"/*.pem > "$work/roots.pem"
elif [ -n "$roots" ]; then cat "$roots" > "$work/roots.pem"; fi
proven=0; last=0
for reply in anchors/*.tsr; do
  if [ ! -f "$reply" ]; then
    if [ -n "$end" ]; then echo "NOT PROVEN: no time stamp has been received."
    else echo "NOT PROVEN: the session has not ended, so nothing is time-stamped."; fi
    exit 2
  fi
  openssl ts -reply -in "$reply" -text > "$work/text" 2>/dev/null || broken "$reply is no time stamp"
  imprint=$(sed -n 's/^ *[0-9a-f]\{4\} - \([0-9a-f -]\{47\}\).*/\1/p' "$work/text" | tr -d ' \n-' | cut -c1-64)
  statement=$(sed -n "s/^$imprint  //p" "$work/statements" | head -n 1)
  [ -n "$imprint" ] && [ -n "$statement" ] || broken "$reply stamps something else than a statement that is here"
  agrees "$statement"
  [ "$stated" -le "$last" ] || last=$stated
  at=$(sed -n 's/^Time stamp: //p' "$work/text")
  echo "$reply: $statement was stamped at $at"
  if [ -n "$roots" ]; then
    if openssl ts -verify -in "$reply" -data "$statement" -CAfile "$work/roots.pem" \
      -attime "$(date -u -d "$at" +%s)" >/dev/null 2>&1
    then echo "  vouched for by $roots"; if [ "$about" = whole ]; then proven=$((proven + 1)); fi
    else echo "  not vouched for by any certificate in $roots"; fi
  else
    certificate="${reply%.tsr}.pem"
    [ -f "$certificate" ] && openssl crl2pkcs7 -nocrl -certfile "$certificate" |
      openssl pkcs7 -print_certs -noout | sed -n 's/^subject=/  signed by /p'
    [ -f "$certificate" ] && openssl x509 -in "$certificate" -noout -fingerprint -sha256 | sed 's/^/  /'
  fi
done
[ "$last" = "$count" ] || echo "$((count - last)) events came after the last time stamp."
if [ "$proven" -gt 0 ]; then echo "PROVEN: $proven time stamps are good."; exit 0; fi
if [ -n "$roots" ]; then echo "NOT PROVEN: no time stamp of the whole session leads to a root that you gave."
else echo "NOT PROVEN: give the authorities' root certificates, which must come from elsewhere: sh verify.sh ROOTS"; fi
exit 2
