"""Invoice Cloud's REST services: customers, remote authentication, AgentConnect."""
