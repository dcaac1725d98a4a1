"""certgraph: issue, sign and verify China's 1+X vocational skill-level certificates."""

__version__ = "0.1.0"
