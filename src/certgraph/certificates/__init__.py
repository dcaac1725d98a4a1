"""Who achieved it: issuing, signing, registering, revoking, the QR image."""
