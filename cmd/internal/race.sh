#!/usr/bin/env bash
# Runs tests under the race detector. Where the detector itself ends ("ThreadSanitizer:
# CHECK failed", golang/go#27660 and its like, or a fault at an address in its own code)
# it has given no verdict on that package: such packages, and they alone, are run once
# more, and must pass then. A race that was found, a test that failed or a panic is never
# run again.
set -uo pipefail
go=${GO:-go}
out=$(mktemp)
bin=$(mktemp)
trap 'rm -f "$out" "$bin"' EXIT

# inDetector reports whether an address is in the detector's own code, in the test
# program of a package: C code has no names in Go's traces.
inDetector() {
  "$go" test -race -c -o "$bin" "$2" && "$go" tool nm -n "$bin" | awk -v pc="$(printf '%016x' "$1")" '
    { at = sprintf("%16s", $1); gsub(/ /, "0", at) }
    $2 != "U" && at <= pc { name = $3 }
    END { exit name !~ /__(tsan|sanitizer)/ }'
}

# ended reports whether the detector ended by itself in one of the packages.
ended() {
  grep -q 'ThreadSanitizer: CHECK failed' "$out" && return 0
  local pc p
  pc=$(awk '/^SIG(SEGV|BUS): / { getline; if (match($0, /^PC=0x[0-9a-f]+/)) print substr($0, 4, RLENGTH - 3) }' "$out")
  [ "$(wc -w <<<"$pc")" = 1 ] || return 1
  for p in $1; do
    inDetector "$pc" "$p" && return 0
  done
  return 1
}

if "$go" test -race "$@" 2>&1 | tee "$out"; then
  exit 0
fi
if grep -qE 'DATA RACE|^ *--- FAIL|^panic:|\[build failed\]' "$out"; then
  exit 1
fi
again=$(awk '$1 == "FAIL" && NF > 1 {print $2}' "$out")
[ -n "$again" ] && ended "$again" || exit 1
flags=()
for a in "$@"; do
  case $a in ./*) ;; *) flags+=("$a") ;; esac
done
echo "race: the detector ended without a verdict on: $again; they are run once more"
# shellcheck disable=SC2086
exec "$go" test -race "${flags[@]}" $again
