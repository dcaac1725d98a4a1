"""What verifiers rely on: trust lists, the root ceremony, published files."""
