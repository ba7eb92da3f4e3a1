"""Fakes of Spectrum, Invoice Cloud and IMT on one clock, with the test bench around them."""
