from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.translated import compile_once


@pytest.fixture(scope="session", autouse=True)
def translations() -> None:
    compile_once()


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> Iterator[None]:
    """Failed sign-ins are counted in the cache, which no test rolls back."""
    cache.clear()
    yield
    cache.clear()
