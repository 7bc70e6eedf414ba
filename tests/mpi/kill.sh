#!/usr/bin/env bash
# kill.sh COUNT SEED LAUNCHER PROGRAM: so many times, kills a random process of a training at a random moment, goes on
# with another number of processes, and compares what comes out with a training that was left alone.
set -u
count=$1
RANDOM=$2
launcher=$3
program=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

expected=$("$program" "$folder/alone") || exit 1
echo "alone: $expected"
from_slices=0
for (( i = 1; i <= count; ++i )); do
  processes=$(( RANDOM % 4 + 2 ))
  others=$(( (processes + RANDOM % 4) % 5 + 1 ))  # another number of 1 to 5
  victim=$(( RANDOM % processes ))
  step=$(( RANDOM % 50 + 1 ))
  start=$SECONDS
  "$launcher" -np "$processes" "$program" "$folder/$i" "$victim" "$step" $(( RANDOM % 4000 )) > "$folder/out" 2>&1 < /dev/null
  code=$?
  took=$(( SECONDS - start ))
  text="$i: rank $victim of $processes at step $step"
  if (( code == 0 )); then
    echo "$text: it was not killed" >&2
    cat "$folder/out"
    exit 1
  fi
  if (( took > 60 )) || ! grep -qE "rank [0-9]+ on .* at step [0-9]+: the launcher ends the job; lost: .*rank $victim on" "$folder/out"; then
    echo "$text: it took $took s, and what was said is:" >&2
    cat "$folder/out"
    exit 1
  fi
  slices=$(find "$folder/$i" -name '*_of_*.safetensors' | wc -l)
  (( slices == 0 )) || from_slices=$(( from_slices + 1 ))
  found=$("$launcher" -np "$others" "$program" "$folder/$i" 2> "$folder/err" < /dev/null)
  if [[ $found != "$expected" ]]; then
    echo "$text, then $others: $found" >&2
    cat "$folder/err" >&2
    exit 1
  fi
  echo "$text: code $code after $took s, $slices slices; $others processes went on: the same"
  rm -rf "${folder:?}/$i"
done
echo "$count were killed, $from_slices of them left checkpoints in slices; all ended with the same bits"
