"""How long to wait before asking an overloaded server again."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT = 0.5  # seconds
LONGEST_WAIT = 60.0  # seconds, whatever the server asks for


def wait_seconds(attempt: int, retry_after: str | None) -> float:
    """Seconds to wait after attempt number `attempt` (from 0) failed.

    The server's Retry-After (RFC 9110, 10.2.3: seconds or a date) counts where it can be read; otherwise the wait
    doubles each time, with jitter so that many clients do not come back at once. Never more than LONGEST_WAIT.
    """
    asked = _asked_for(retry_after) if retry_after else None
    if asked is not None:
        return min(max(asked, 0.0), LONGEST_WAIT)
    return min(FIRST_WAIT * 2.0**attempt, LONGEST_WAIT) * random.uniform(0.5, 1.0)


def _asked_for(retry_after: str) -> float | None:
    if retry_after.strip().isdecimal():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
