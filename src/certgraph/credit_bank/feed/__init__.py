"""The feed that the credit bank reads, and who is notified of it."""
