"""The integration adapter between Spectrum, IMT and Invoice Cloud."""
