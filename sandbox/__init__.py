"""Fakes of Spectrum and Invoice Cloud on one clock, with the test bench around them."""
