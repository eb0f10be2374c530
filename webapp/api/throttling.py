"""How often one token, or one signed-in person, may call: a count a minute in Redis, which all web processes share."""

import logging
import time
from dataclasses import dataclass
from functools import cache
from threading import Lock

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from workers.live import BROKEN

logger = logging.getLogger(__name__)
MINUTE_S = 60


class PerMinute(BaseThrottle):
    """`settings.API_CALLS_PER_MINUTE` calls in a minute of the clock; more are told 429 and when to come back.

    Redis carries what may be lost: while it is away nobody is held up.
    """

    def allow_request(self, request: Request, view: object) -> bool:
        token = getattr(request.auth, "digest", "")
        return _count(token[:32] or f"person-{request.user.pk}") <= settings.API_CALLS_PER_MINUTE

    def wait(self) -> float:
        return MINUTE_S - time.time() % MINUTE_S


@dataclass
class Tally:
    """What this process knows of one caller's minute: the count of all processes when it last asked, and its own since.

    Redis is told every `EVERY_S` at most: a round trip a call would cost a quarter of what an annotator's call takes.
    """

    minute: int
    shared: int = 0
    own: int = 0
    told_at: float = 0.0


EVERY_S = 0.25
MOST_TALLIES = 10_000  # callers that a process remembers
_tallies: dict[str, Tally] = {}
_lock = Lock()


def _count(who: str) -> int:
    """The caller's calls in this minute, this one included; of other processes' calls perhaps not the last moment's."""
    now = time.time()
    with _lock:
        tally = _of_this_minute(who, int(now) // MINUTE_S)
        tally.own += 1
        untold = tally.own if now - tally.told_at >= EVERY_S else 0
        if untold:
            tally.own, tally.told_at = 0, now
            tally.shared += untold
    if untold and (shared := _tell(f"prefloop:calls:{who}:{tally.minute}", untold)):
        tally.shared = max(tally.shared, shared)
    return tally.shared + tally.own


def _of_this_minute(who: str, minute: int) -> Tally:
    tally = _tallies.get(who)
    if tally is None or tally.minute != minute:
        if len(_tallies) >= MOST_TALLIES:
            _tallies.clear()
        tally = _tallies[who] = Tally(minute)
    return tally


def _tell(key: str, calls: int) -> int:
    """Add to the count of all processes; answers it, or 0 while Redis is away."""
    try:
        with _redis().pipeline(transaction=False) as pipeline:
            pipeline.incrby(key, calls)
            pipeline.expire(key, 2 * MINUTE_S)
            return int(pipeline.execute()[0])
    except BROKEN:
        logger.warning("calls are not counted: Redis is away")
        return 0


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
