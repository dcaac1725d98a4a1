"""The verify page: its built files (source: `web/verify/`), and its HTML in two languages."""
