#!/usr/bin/env bash
# Base, taught by a larger one: bash benchmarks/stages/distil.sh SET RUN TEACHER [OPTION of vidcolor train ...]
# TEACHER is a model that grew from base (name, file, run). A base of one's own: --init RUN_OF_BASE. Again
# with the same RUN: goes on after any end.
set -euo pipefail
. "$(dirname "$0")/common.sh"
SET="$1" RUN="$2" TEACHER="$3"
ADDED=("${@:4}")
data_of "$SET"
stage "$RUN" 6000 --init vidcolor-base "${RECIPE[@]}" --teacher "$TEACHER" --loss votes=1
