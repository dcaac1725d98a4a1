"""What certificates are worth: proposed, verified, recognized."""
