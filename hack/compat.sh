#!/usr/bin/env bash
# Fails, by kind and field, where a schema has changed so that objects which are stored, or kept in Git, are no longer
# what they were: a field that is gone, newly required or of another type, a word of an enum that is gone, another
# default. Narrower bounds and rules are named, and don't fail.
#
#   hack/compat.sh            compares config/crd/bases with the release before: the last tag v* of this history
#   hack/compat.sh OLD [NEW]  compares two folders; NEW is config/crd/bases where it is left out
#
# Called by `make verify`. Where there is no release yet, it says so, and ends well.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

case "${1:-}" in
-h | --help)
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit 0
  ;;
'')
  if ! tag=$(git -C "$here" describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null); then
    echo "compat: no tag v* is in this history: there is no release to compare schemas with"
    exit 0
  fi
  before="release $tag" old=$temp/old
  mkdir "$old"
  git -C "$here" archive "$tag" config/crd/bases | tar -xf - -C "$old" --strip-components=3
  ;;
*) before=$1 old=$1 ;;
esac
new=${2:-$here/config/crd/bases}

failed=0
for file in "$old"/*.yaml; do
  name=$(basename "$file")
  if [[ ! -e $new/$name ]]; then
    echo "compat: $name of $before is gone: objects of that kind would be deleted; keep the kind, and say that it is deprecated" >&2
    failed=1
    continue
  fi
  # As a cluster has it that ran each of these versions: a file has no status.
  { cat "$file" && echo "status: {storedVersions: [$(sed -n '/^  versions:/,$ s/^    name: //p' "$file" | paste -sd,)]}"; } >"$temp/$name"
  if ! GOWORK=off go -C "$here/hack/compat" tool crdify --config=crdify.yaml "file://$temp/$name" "file://$(realpath "$new/$name")" >"$temp/said" 2>&1; then
    echo "compat: $name breaks objects that were written for $before; add beside what is there, and keep that until another version of the API:" >&2
    grep -q ' - ERROR - ' "$temp/said" || cat "$temp/said" >&2
    failed=1
  fi
  sed -n '/ - \(ERROR\|WARNING\) - /{s/\^\.//; s/^[[:space:]]*- /  /; p}' "$temp/said" >&2
done
exit "$failed"
