"""Where the real places and recordings are, for tests that are marked `real`."""

from pathlib import Path

SHARED = Path(__file__).resolve().parent.parent.parent.parent / "shared"
DATA = SHARED / "data"
