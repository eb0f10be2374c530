"""The text of a turn's answers while they are made. It lives in Redis and may be lost: what is finished is in
PostgreSQL, and a page that finds nothing here waits for that."""

import logging
import time
from dataclasses import dataclass, field
from functools import lru_cache

import orjson
import redis
from django.conf import settings

logger = logging.getLogger(__name__)

KEPT_S = 600
TELL_EVERY_S = 0.1
# What redis-py raises where Redis is away; ValueError where it does not answer in time while a connection is opened.
BROKEN = (redis.RedisError, OSError, ValueError)


@dataclass
class Heard:
    """What a turn's candidates have said so far, by id; `attempt` and `round` change where they begin anew."""

    take: str = ""
    texts: dict[int, str] = field(default_factory=dict)


class Telling:
    """One attempt at one turn, told to whoever listens; not more often than every `TELL_EVERY_S`."""

    def __init__(self, turn_id: int, take: str) -> None:
        self.key, self.heard, self.told = key_of(turn_id), Heard(take), 0.0

    def say(self, texts: dict[int, str], *, now: bool = False) -> None:
        self.heard.texts.update(texts)
        if now or time.monotonic() - self.told >= TELL_EVERY_S:
            self.told = time.monotonic()
            self._tell()

    def _tell(self) -> None:
        body = orjson.dumps({"take": self.heard.take, "texts": self.heard.texts}, option=orjson.OPT_NON_STR_KEYS)
        try:
            connection().set(self.key, body, ex=KEPT_S)
        except BROKEN:
            logger.warning("nobody can hear %s: Redis is away", self.key)


def heard(turn_id: int) -> Heard:
    """What was said so far; empty where nothing was, or where it was lost."""
    try:
        body = connection().get(key_of(turn_id))
    except BROKEN:
        return Heard()
    if body is None:
        return Heard()
    told = orjson.loads(body)
    return Heard(told["take"], {int(candidate): text for candidate, text in told["texts"].items()})


def key_of(turn_id: int) -> str:
    return f"prefloop:turn:{turn_id}"


@lru_cache(maxsize=1)
def connection() -> "redis.Redis":
    """One pool of connections a process; quick to give up, since nobody's work hangs on it."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
