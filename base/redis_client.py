"""A client of Redis for tasks that keep trying by themselves: it waits for little, and never tries twice."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_PATIENCE_S = 1.0


def impatient(url: str) -> redis.Redis:
    """A client that gives up after a second; whoever uses it closes it."""
    return redis.Redis.from_url(
        url, socket_connect_timeout=_PATIENCE_S, socket_timeout=_PATIENCE_S, retry=Retry(NoBackoff(), 0)
    )
