"""`python -m burndown_spec` is the command `burndown-spec`."""

import sys

from burndown_spec.cli import main

if __name__ == "__main__":
    sys.exit(main())
