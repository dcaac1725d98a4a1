"""Whether the programme's rules are kept: cases, their grounds, decisions, and exits."""
