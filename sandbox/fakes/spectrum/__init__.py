"""The Spectrum fake: its book, its tokens, its API (A1 to A4) and its extract (decision 0001)."""
