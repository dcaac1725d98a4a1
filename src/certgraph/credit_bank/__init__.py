"""What a certificate is worth: outcomes, proposals, records, the change feed, conversion."""
