"""Pages of holders, of those they share with, and of receipts: HTML without scripts, zh and en."""
