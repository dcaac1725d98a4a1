"""What is certified: certificate types and levels, standards and their versions."""
