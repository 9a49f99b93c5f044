#!/usr/bin/env bash
# vidcolor-large, grown from base: bash benchmarks/stages/large.sh SET RUN [OPTION of vidcolor train ...]
# A base of one's own to grow from: --init RUN_OF_BASE. Again with the same RUN: goes on after any end.
set -euo pipefail
. "$(dirname "$0")/common.sh"
SET="$1" RUN="$2"
ADDED=("${@:3}")
data_of "$SET"
# What grew learns supervised first, for a quarter of the time: batch norm has to see it before it is fixed.
stage "$RUN" 11000 --init vidcolor-base --network large "${RECIPE[@]}" \
    --critic-share 0.035 --joint-share 0.715
