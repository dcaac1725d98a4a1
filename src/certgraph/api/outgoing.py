"""What requests share that this server itself sends: to webhooks, and to who signs people in."""

from functools import cache
from ssl import SSLContext

import httpx2


@cache
def authorities(*, of_environment: bool) -> SSLContext:
    """Return the certificate authorities that TLS trusts, read once: for each request takes 50 ms.

    Args:
        of_environment: Whether `SSL_CERT_FILE` and `SSL_CERT_DIR` say where they are.
    """
    return httpx2.create_ssl_context(trust_env=of_environment)
