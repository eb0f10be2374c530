"""A freeze that is killed at any moment, again and again, never leaves what looks whole and is not; at last it is the
same, byte for byte, as one that nobody disturbed.

The moments are drawn by the clock. A failure names the seed: `KILL_SEED=… pytest …` draws the same again.
"""

import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from django.db import connection

from exports.models import Snapshot
from exports.reading import verify
from tests.exports.test_snapshot import fill
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)

# Forks a writer for each attempt, before anything of it has a connection or a thread, and kills it after as many
# seconds as the line says; answers how long the writer lived, and whether it ended by itself.
NURSERY = """
import os, signal, sys, time, uuid
from pathlib import Path
import django
django.setup()
import pyarrow.parquet
from django.conf import settings
from annotation.models import Project
from exports.snapshot import freeze
import exports.parquet
settings.DATA_DIR = Path(sys.argv[1])
QUERY = {"formats": ["kwise", "raw", "trl-preference"], "files": ["jsonl", "jsonl.gz", "jsonl.zst", "parquet"]}
for line in sys.stdin:
    job, seconds = line.split()
    began = time.monotonic()
    child = os.fork()
    if not child:
        freeze(job_id=uuid.UUID(job), project=Project.objects.get(), by=None, query=QUERY)
        os._exit(0)
    done = 0
    while not done and time.monotonic() - began < float(seconds):
        done, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.001)
    if not done:
        os.kill(child, signal.SIGKILL)
        done, status = os.waitpid(child, 0)
    print(time.monotonic() - began, os.waitstatus_to_exitcode(status), flush=True)
"""
KILLS = 8
PATIENCE_S = 60.0


def test_killed_at_any_moment(data_dir: Path) -> None:
    seed = int(os.environ.get("KILL_SEED", time.time_ns()))
    draw = random.Random(seed)
    print(f"KILL_SEED={seed}")
    chat = fill("chat", range(60))
    calm, killed = (Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=chat) for _ in range(2))
    with nursery(data_dir) as attempts:
        whole, code = attempt(attempts, calm, PATIENCE_S)
        assert code == 0
        for _ in range(KILLS):
            attempt(attempts, killed, draw.uniform(0, whole))
            nothing_looks_whole_that_is_not(data_dir, killed)
        assert attempt(attempts, killed, PATIENCE_S)[1] == 0
    first, second = (Snapshot.objects.get(job=job) for job in (calm, killed))
    verify(second)
    assert contents(second.folder) == contents(first.folder)
    assert sorted((data_dir / "snapshots").iterdir()) == sorted([first.folder, second.folder])


def nursery(data_dir: Path) -> "subprocess.Popen[str]":
    database = connection.settings_dict
    host = str(database["HOST"]).replace("/", "%2F")
    credentials = f"{database['USER']}:{database['PASSWORD']}@{host}:{database['PORT'] or 5432}"
    environment = {
        "DATABASE_URL": f"postgresql://{credentials}/{database['NAME']}",
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
    }
    return subprocess.Popen(
        [sys.executable, "-c", NURSERY, str(data_dir)],
        env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def attempt(nursery: "subprocess.Popen[str]", job: Job, seconds: float) -> tuple[float, int]:
    """How long it lived, and its exit code."""
    assert nursery.stdin
    assert nursery.stdout
    nursery.stdin.write(f"{job.pk} {seconds}\n")
    nursery.stdin.flush()
    lived, code = nursery.stdout.readline().split()
    return float(lived), int(code)


def nothing_looks_whole_that_is_not(data_dir: Path, job: Job) -> None:
    """Either there is no folder of this name, or every file in it is as its manifest says."""
    folder = data_dir / "snapshots" / str(job.pk)
    if folder.exists():
        files = orjson.loads((folder / "manifest.json").read_bytes())["files"]
        for name, facts in files.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == facts["sha256"], name


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
