"""One world: its clock, journal, books, billers and faults, all grown from one seed."""
