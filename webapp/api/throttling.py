"""How often one token, or one signed-in person, may call: a count a minute in Redis, which all web processes share."""

import logging
import time
from functools import cache

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)
MINUTE_S = 60


class PerMinute(BaseThrottle):
    """`settings.API_CALLS_PER_MINUTE` calls in a minute of the clock; more are told 429 and when to come back.

    Redis carries what may be lost: while it is away nobody is held up.
    """

    def allow_request(self, request: Request, view: object) -> bool:
        token = getattr(request.auth, "digest", "")
        who = token[:32] or f"person-{request.user.pk}"
        return _count(f"prefloop:calls:{who}:{int(time.time()) // MINUTE_S}") <= settings.API_CALLS_PER_MINUTE

    def wait(self) -> float:
        return MINUTE_S - time.time() % MINUTE_S


def _count(key: str) -> int:
    try:
        with _redis().pipeline(transaction=False) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, 2 * MINUTE_S)
            return int(pipeline.execute()[0])
    except redis.RedisError:
        logger.warning("calls are not counted: Redis is away")
        return 0


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
