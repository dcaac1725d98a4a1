"""From drafts to signed certificates that a verifier takes."""
