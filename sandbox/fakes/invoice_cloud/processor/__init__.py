"""Invoice Cloud's payment processor: the banking calendar, ACH returns, settlement batches."""
