"""Who may act: organizations, what each may issue, its keys, and API tokens."""
