"""After issue: registered, suspended, revoked, erased."""
