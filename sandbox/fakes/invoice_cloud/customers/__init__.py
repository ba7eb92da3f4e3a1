"""Invoice Cloud's customers: accounts, logins, settings, payment options and what falls due."""
