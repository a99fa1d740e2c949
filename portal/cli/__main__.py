"""`python -m portal.cli` is `trellis`, where its script is not installed."""

from portal.cli import main

main()
