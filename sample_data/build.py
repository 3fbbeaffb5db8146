"""Make the sample county anew: `python sample_data/build.py [DIRECTORY]`. The result is the same byte for byte."""

from __future__ import annotations

import sys
from pathlib import Path

from spacegov.synthetic.county import make_county
from spacegov.synthetic.write import write_county

if __name__ == "__main__":
    write_county(make_county(), Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
