"""Spreadsheets as offices hand them in: read into candidates, and given back with what is wrong."""
