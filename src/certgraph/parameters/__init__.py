"""Dated numbers of the programme that its documents leave open, a province's own over them."""
