#!/usr/bin/env bash
# Fails when a file that a tool writes is not what the tool would write now, and names
# it, when a schema breaks objects that the release before has stored (hack/compat.sh), and when a workflow is
# not what GitHub takes (actionlint).
# It works on a copy, so the working tree, committed or not, stays as it is.
#
# Called by `make verify`, which has built the tools into the folder TOOLS.
set -euo pipefail
: "${TOOLS:?must be the folder of the tools; run make verify, which builds them}"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

generated=(api config/crd/bases config/rbac/role.yaml docs/api.md charts/allmenning)
modules=(. hack/tools hack/compat hack/controlplane hack/node hack/sign hack/validators test/alerts test/walls/cyclonus)
failed=0

# complain says what is wrong and how to fix it; further complaints follow.
complain() {
  echo "verify: $*" >&2
  failed=1
}

# copy_tree copies the files that git knows or would add, and so neither caches nor dist.
copy_tree() {
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [[ ! -e $file ]] || printf '%s\0' "$file"; done |
    tar --null --files-from=- -cf - | tar -xf - -C "$1"
}

verify_generated() {
  local copy path difference
  copy=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder's name is meant as it is now
  trap "rm -rf '$copy'" EXIT
  copy_tree "$copy"
  if ! make -C "$copy" --no-print-directory generate manifests docs chart TOOLS="$TOOLS" >"$copy/log" 2>&1; then
    cat "$copy/log" >&2
    complain "make generate manifests docs chart failed, see above"
    return
  fi
  for path in "${generated[@]}"; do
    diff -ruN "$path" "$copy/$path" | head -n 40 >&2 || true
    while read -r path; do
      complain "$path is stale: run make generate manifests docs chart"
    done < <(diff -rqN "$path" "$copy/$path" | sed 's/^Files \(.*\) and .* differ$/\1/')
  done
}

verify_modules() {
  local module
  for module in "${modules[@]}"; do
    go -C "$module" mod tidy -diff >&2 || complain "$module/go.mod is not tidy: run go -C $module mod tidy"
  done
}

verify_format() {
  local file
  while read -r file; do
    complain "$file is not formatted: run make fmt"
  done < <(git ls-files -z --cached --others --exclude-standard -- '*.go' |
    while IFS= read -r -d '' file; do [[ ! -e $file ]] || printf '%s\0' "$file"; done | xargs -0r gofmt -l)
}

verify_schemas() {
  hack/compat.sh || complain "schemas break objects that the release before has stored, see above"
}

# The shell in workflows is not judged, as not every machine has shellcheck.
verify_workflows() {
  go -C hack/validators tool actionlint -shellcheck= -pyflakes= "$PWD"/.github/workflows/*.yaml "$PWD"/docs/gitops/github-*.yaml >&2 ||
    complain "a workflow is not what GitHub takes, see above"
}

verify_generated
verify_modules
verify_format
verify_schemas
verify_workflows
((failed == 0)) || exit 1
echo "verify: generated files, go.mod and formatting are up to date, schemas take what was stored, and GitHub takes the workflows"
