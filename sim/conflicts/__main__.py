"""Write the page: ``python -m sim.conflicts > docs/conflicts.md``."""

import sys

from sim.conflicts import page

sys.stdout.write(page())
