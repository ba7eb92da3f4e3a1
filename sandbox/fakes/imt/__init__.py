"""The IMT fake: sessions, policy settings, and the portal of a policy holder."""
