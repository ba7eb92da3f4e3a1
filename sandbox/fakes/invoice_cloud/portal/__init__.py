"""Invoice Cloud's Customer Portal: where a payer looks at bills, pays them and sets things (D4)."""
