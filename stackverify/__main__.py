"""`python -m stackverify`: the command line."""

import sys

from stackverify.cli import main

if __name__ == "__main__":
    sys.exit(main())
