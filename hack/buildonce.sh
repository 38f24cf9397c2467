# What hack/controlplane/build.sh and hack/node/build.sh share; they source it from their folder, with these set:
#
#   name      of what is built, as the lines on stderr begin; also its folder in the user's cache
#   says      what to say before a build
#   sources   the files of the module that decide, beside the modules, what is built
#   programs  program=package, for each program
#   links     link=program, for each name under which a program is called
#
# It builds once into the user's cache and prints the folder, and nothing else, on stdout. The
# folder is named by what the programs are made of, so a changed version or flag builds again and
# nothing changed costs a fraction of a second.

version=v1.37.1
build_date=2026-01-01T00:00:00Z # fixed, so that the same sources give the same bytes
min_free_kib=$((4 * 1024 * 1024))
min_memory_kib=$((3 * 1024 * 1024))

cache=${XDG_CACHE_HOME:-$HOME/.cache}/allmenning/$name

say() { echo "$name: $*" >&2; }
fail() {
  say "$@"
  exit 1
}

case "${1:-}" in
'') ;;
-h | --help)
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$(basename "$0")"
  exit 0
  ;;
*) fail "unknown argument $1; it takes none (see --help)" ;;
esac

ldflags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  ldflags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=37"
  ldflags+=" -X $package.gitTreeState=clean -X $package.buildDate=$build_date"
done

# The build is the same whatever the caller's shell happens to hold, and leaves in the build cache what the
# project's own programs are made of (Makefile).
export CGO_ENABLED=0 GOFLAGS="-buildvcs=false -trimpath" GOWORK=off
unset GOOS GOARCH

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }

free_kib() { df -Pk "$1" | awk 'NR == 2 { print $4 }'; }

require_disk() {
  local folder free
  for folder in "$cache" "$(go env GOCACHE)" "${GOTMPDIR:-${TMPDIR:-/tmp}}"; do
    mkdir -p "$folder"
    free=$(free_kib "$folder")
    [ "$free" -ge "$min_free_kib" ] || fail "$folder has $((free / 1024)) MiB free, the build needs" \
      "$((min_free_kib / 1024)) MiB; make room, or point XDG_CACHE_HOME, GOCACHE or TMPDIR to a larger disk"
  done
}

warn_memory() {
  [ -r /proc/meminfo ] || return 0
  local free
  free=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  [ "${free:-$min_memory_kib}" -ge "$min_memory_kib" ] ||
    say "only $((free / 1024)) MiB of memory are free and the linker needs about" \
      "$((min_memory_kib / 1024)); if the build is killed, that is why"
}

command -v go >/dev/null || fail "Go is missing: install Go 1.26 or newer from https://go.dev/dl and have it in PATH"
go_version=$(go version) || fail "this Go cannot build it (see above)"
# shellcheck disable=SC2086 # the sources are several
key=$({ cat $sources && echo "$ldflags" && echo "$go_version"; } | sha256 | cut -c1-16)
dir=$cache/$key
lock=$cache/$key.lock
temp=$cache/.building-$key.$$

# complete says whether every program is there.
complete() {
  local each
  for each in $programs; do
    [ -x "$dir/${each%%=*}" ] || return 1
  done
}

finish() {
  touch "$dir"
  echo "$dir"
  exit 0
}

# The lock spares double work; it guards nothing. Two builds at a time, should
# it ever come to that, still end well, since each renames a whole file into
# place. A holder that was killed is known by its process, or by a lock that it
# has ceased to touch.
lock_is_stale() {
  local holder
  holder=$(cat "$lock/pid" 2>/dev/null || true)
  [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null && return 0
  [ -n "$(find "$lock" -prune -mmin +2 2>/dev/null)" ]
}

take_lock() {
  local waited=0
  until mkdir "$lock" 2>/dev/null; do
    if complete; then finish; fi
    if lock_is_stale; then
      rm -rf "$lock"
      continue
    fi
    [ $((waited % 15)) -ne 0 ] || say "waiting for another build of the same (process" \
      "$(cat "$lock/pid" 2>/dev/null || echo unknown)), ${waited} s"
    sleep 1
    waited=$((waited + 1))
  done
  echo $$ >"$lock/pid"
}

builder=
cleanup() {
  [ -z "$builder" ] || kill "$builder" 2>/dev/null || true
  [ "$(cat "$lock/pid" 2>/dev/null)" != $$ ] || rm -rf "$lock"
  rm -rf "$temp"
}

# build compiles and links a program. How far it is, buildprogress says, a program of the
# module above this one that needs nothing but Go itself.
build() {
  local program=$1 package=$2 seconds=0 code=0
  "$temp/progress" -name="$program" -- -ldflags "$ldflags" -o "$temp/$program" "$package" >&2 &
  builder=$!
  while kill -0 "$builder" 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    [ $((seconds % 15)) -ne 0 ] || touch "$lock"
  done
  wait "$builder" || code=$?
  builder=
  [ "$code" -eq 0 ] || fail "the build of $program failed after ${seconds} s (exit code $code, see above)." \
    "'signal: killed' means that memory ran out: the linker needs 3 GB;" \
    "without a network, modules must be in GOMODCACHE or behind GOPROXY"
  say "$program is built in ${seconds} s"
}

# sweep removes what killed builds left and what nobody has asked for in a month.
sweep() {
  local left
  for left in "$cache"/.building-*; do
    [ ! -d "$left" ] || kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left"
  done
  find "$cache" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} +
}

if complete; then finish; fi
require_disk
warn_memory
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
take_lock
if complete; then finish; fi
sweep
mkdir -p "$temp" "$dir"
say "building $version into $dir; $says"
go -C ../.. build -o "$temp/progress" ./hack/buildprogress || fail "the program that shows progress cannot be built, see above"
for each in $programs; do build "${each%%=*}" "${each#*=}"; done
for each in $links; do ln -sf "${each#*=}" "$dir/${each%%=*}"; done
for each in $programs; do mv -f "$temp/${each%%=*}" "$dir/${each%%=*}"; done
finish
