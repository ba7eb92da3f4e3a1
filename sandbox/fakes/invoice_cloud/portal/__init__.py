"""Invoice Cloud's Customer Portal (D4): where payers see their bills, pay, and set things up."""
