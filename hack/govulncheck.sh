#!/usr/bin/env bash
# Looks for known vulnerabilities in the code that the programs really call.
#
# It needs the Go vulnerability database, https://vuln.go.dev, which a closed network does
# not reach: it says so then and exits 2, as not having looked is not having found nothing.
# A copy of the database will do: VULNDB=file:///path/to/it. So `.ci/run` does not call it.
#
# Called by `make govulncheck`, which has built the tool into the folder TOOLS.
set -euo pipefail
: "${TOOLS:?must be the folder of the tools; run make govulncheck, which builds them}"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

database=${VULNDB:-https://vuln.go.dev}

# With a database that it can read, the tool says when that was updated.
if ! "$TOOLS/govulncheck" -db "$database" -version | grep -q '^DB updated: '; then
  echo "govulncheck: NOT CHECKED: the vulnerability database $database cannot be read from here." \
    "Run it where it can, or set VULNDB to a copy (file:///path)." >&2
  exit 2
fi
exec "$TOOLS/govulncheck" -db "$database" ./cmd/...
