#!/usr/bin/env bash
# Runs each fuzz target of the module for FUZZTIME. The go command fuzzes one target
# of one package at a time, so this finds them all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fuzztime=${FUZZTIME:-30s}
# One line per target: file:name, from the declarations themselves.
targets=$(git ls-files --cached --others --exclude-standard -- '*_test.go' |
  xargs -r grep -HoE '^func Fuzz[A-Za-z0-9_]*' | sed 's/:func /:/' | sort) || true
if [[ -z $targets ]]; then
  echo "fuzz: no fuzz target found in this repository" >&2
  exit 1
fi

while IFS=: read -r file name; do
  echo "==> $name in $(dirname "$file"), $fuzztime"
  go test -run='^$' -fuzz="^$name\$" -fuzztime="$fuzztime" "./$(dirname "$file")"
done <<<"$targets"
