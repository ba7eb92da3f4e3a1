"""What payers, agents and billers see of Invoice Cloud: pages, forms and receipts."""
