"""What the adapter reasons about: pure, frozen, without I/O and without a clock."""
