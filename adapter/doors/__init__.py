"""The ways into the adapter: Invoice Cloud's calls, the operators' views, the command line."""
