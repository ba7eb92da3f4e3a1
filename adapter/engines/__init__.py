"""Who wakes the jobs; the ledger decides what there is to do."""
