"""vidcolor colours black-and-white film and photographs."""

import os
import sys

__version__ = "0.1.0"

# Three libraries report each use to their makers' statistics hosts and keep an identifier in the
# home folder (OpenVINO's part even fails where there is none). Told before they are imported, in
# every process, they do not: None stands for "not installed"; the others read their variables.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
