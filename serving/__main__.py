"""`python -m serving`: the scoring service in this process."""

import sys

from serving.server import main

if __name__ == "__main__":
    sys.exit(main())
