"""`python -m portal.cli`, for where the console script is not on the path."""

from portal.cli import main

main(prog_name="huizong")
