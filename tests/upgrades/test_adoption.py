"""An installation from before versions were adopted: its newest version goes on to count, without being asked."""

import json
import os
import subprocess
import sys
import uuid
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings


@pytest.fixture
def empty_database():
    """The address of a database without a table, on the tests' own server."""
    address, name = urlsplit(os.environ["DATABASE_URL"]), f"old_{uuid.uuid4().hex}"
    with psycopg.connect(address.geturl(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield address._replace(path=f"/{name}").geturl()
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.slow
def test_it_works(empty_database):
    done = subprocess.run(
        [sys.executable, "-m", "tests.upgrades.from_before_adoption"],
        cwd=settings.BASE_DIR, env={**os.environ, "DATABASE_URL": empty_database}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = {(row.pop("project"), row.pop("version")): row for row in json.loads(done.stdout.splitlines()[-1])}
    older = {"verdict": "before", "reason": "before_adoption"}
    newest = {"verdict": "adopted", "reason": "before_adoption"}
    assert found == {
        ("three", 1): {"adopted": False, "since_it_was_made": False, "split_seed": 0, "adoption": older},
        ("three", 2): {"adopted": False, "since_it_was_made": False, "split_seed": 7, "adoption": older},
        ("three", 3): {"adopted": True, "since_it_was_made": True, "split_seed": 3_000_000_000, "adoption": newest},
        ("one", 1): {"adopted": True, "since_it_was_made": True, "split_seed": 0, "adoption": newest},
    }
