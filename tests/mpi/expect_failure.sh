#!/usr/bin/env bash
# expect_failure.sh SECONDS CODE PATTERN... -- COMMAND...: it must end in that time with that code, and print what each
# pattern finds.
set -u
seconds=$1
code=$2
shift 2
patterns=()
while [[ $1 != -- ]]; do
  patterns+=("$1")
  shift
done
shift
start=$SECONDS
printed=$(timeout -k 1 "$seconds" "$@" 2>&1 < /dev/null)
found=$?
printf '%s\nended with %d after %d s\n' "$printed" "$found" $((SECONDS - start))
(( found == code )) || { echo "It should have ended with $code."; exit 1; }
for pattern in "${patterns[@]}"; do
  grep -qE -- "$pattern" <<< "$printed" || { echo "Nothing is like: $pattern"; exit 1; }
done
