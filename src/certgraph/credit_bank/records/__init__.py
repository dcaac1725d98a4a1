"""A record of each registered certificate, stated in the feed."""
