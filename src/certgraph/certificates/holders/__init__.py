"""The holder's copy: the way to a page of one's own, sharing links, requests to the issuer."""
