"""`python -m bali` is the `bali` command."""

import gc
import sys

from bali.cli import main

code = main()
gc.freeze()  # the interpreter ends without going through all that was imported once more
sys.exit(code)
