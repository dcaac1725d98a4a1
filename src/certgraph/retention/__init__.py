"""Retention: personal data that served its purpose is deleted once the time to keep it is over."""
