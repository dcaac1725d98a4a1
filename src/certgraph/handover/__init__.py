"""The end of a regime: it is closed, and what it leaves is handed over as signed files."""
