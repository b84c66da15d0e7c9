#!/usr/bin/env bash
# Runs tests under the race detector. Where the detector itself ends ("ThreadSanitizer:
# CHECK failed", golang/go#27660 and its like) it has given no verdict on that package:
# such packages, and they alone, are run once more, and must pass then. A race that was
# found, a test that failed or a panic is never run again.
set -uo pipefail
go=${GO:-go}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
if "$go" test -race "$@" 2>&1 | tee "$out"; then
  exit 0
fi
if ! grep -q 'ThreadSanitizer: CHECK failed' "$out" || grep -qE 'DATA RACE|^ *--- FAIL|^panic:|\[build failed\]' "$out"; then
  exit 1
fi
again=$(awk '$1 == "FAIL" && NF > 1 {print $2}' "$out")
[ -n "$again" ] || exit 1
flags=()
for a in "$@"; do
  case $a in ./*) ;; *) flags+=("$a") ;; esac
done
echo "race: the detector ended without a verdict on: $again; they are run once more"
# shellcheck disable=SC2086
exec "$go" test -race "${flags[@]}" $again
