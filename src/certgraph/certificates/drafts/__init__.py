"""From candidates to drafts: rules, numbers, the exact bytes to sign."""
