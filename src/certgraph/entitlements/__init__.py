"""Who may issue what, when: entitlements to certificate types at levels."""
