"""`python -m adapter` is the command `adapter`."""

from adapter.doors.cli import main

main()
