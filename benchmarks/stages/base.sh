#!/usr/bin/env bash
# vidcolor-base, continued: bash benchmarks/stages/base.sh SET RUN [OPTION of vidcolor train ...]
# SET holds a folder of photographs for each kind. Again with the same RUN: goes on after any end.
set -euo pipefail
. "$(dirname "$0")/common.sh"
SET="$1" RUN="$2"
ADDED=("${@:3}")
data_of "$SET"
stage "$RUN" 11000 --init vidcolor-base "${RECIPE[@]}"
