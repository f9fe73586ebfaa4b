"""Makes the modules of scripts/mw importable."""

import sys
from pathlib import Path

MW = Path(__file__).resolve().parents[2] / "scripts/mw"
sys.path.insert(0, str(MW))
