from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> Iterator[None]:
    """Failed sign-ins are counted in the cache, which no test rolls back."""
    cache.clear()
    yield
    cache.clear()
