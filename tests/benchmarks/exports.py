"""How fast datasets come out: of a generated project of a million four-way rankings, beside raw COPY and raw pyarrow.

`make bench-exports` (ROWS=20000 for a quick look). Each figure is a freeze to disk with its hashes and its fsync; the
last line is one JSON object. At full size there are pairs as JSONL and as Parquet, once each; the other formats and
kinds of file are of a second project with a twentieth of the rankings, beside a COPY of its own. The figures of
record are in docs/benchmarks.md.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.exports_project import fill

PAIRS = "trl-preference"
FORMATS = ("trl-preference-implicit", "kwise", "raw", "sft", "kto", "prompts")
KINDS = ("jsonl", "parquet", "jsonl.zst", "jsonl.gz")
PART = 20  # of the rankings of the large project, one in so many is in the small one
GROUPS = 20  # row groups at most that pyarrow alone writes again


class Memory:
    """The most resident memory that this process has had since it was asked to watch, less what it had then."""

    def __enter__(self) -> "Memory":
        self._process, self._over = psutil.Process(), threading.Event()
        self.before = self.most = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self._process.memory_info().rss)

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def growth_mb(self) -> float:
        return round((self.most - self.before) / 2**20, 1)


@contextmanager
def installation(folder: Path) -> Iterator[None]:
    """PostgreSQL and Valkey in `folder`, and Django with its tables there."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    os.environ.setdefault("SECRET_KEY", "for this benchmark only")
    os.environ["PREFLOOP_DATA_DIR"] = str(folder)
    from webapp.embedded import running

    with ExitStack() as stack:
        os.environ.update(stack.enter_context(running(folder)).environment)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield


# The same rows, byte for byte, made by PostgreSQL alone; each text is escaped once a pair, as a join does it.
COPY = r"""
COPY (
SELECT '{"prompt":[{"role":"user","content":' || to_json(prompt.messages->0->>'content')
    || '}],"chosen":[{"role":"assistant","content":' || to_json(better.text)
    || '}],"rejected":[{"role":"assistant","content":' || to_json(worse.text)
    || '}],"group_id":"'
    || left(encode(sha256((prompt.content_hash || ',' || answers.hashes)::bytea), 'hex'), 32) || '"}'
  FROM annotation_task task
  JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
  JOIN annotation_judgement judgement ON judgement.task_id = task.id AND judgement.is_current
  JOIN annotation_ranking ranking ON ranking.judgement_id = judgement.id AND ranking.criterion = 'overall'
 CROSS JOIN LATERAL (SELECT string_agg(text_hash, ',' ORDER BY text_hash COLLATE "C") AS hashes
                       FROM annotation_sample sample WHERE sample.id = ANY (task.sample_ids)) answers
 CROSS JOIN LATERAL unnest(ranking.sample_ids, ranking.ranks) AS one (sample, rank)
  JOIN LATERAL unnest(ranking.sample_ids, ranking.ranks) AS two (sample, rank) ON one.rank < two.rank
  JOIN annotation_sample better ON better.id = one.sample
  JOIN annotation_sample worse ON worse.id = two.sample
 WHERE task.project_id = PROJECT
) TO STDOUT (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
"""


def copied(project: Any, statement: str = "", values: Any = None) -> dict[str, Any]:
    """COPY's own speed, its bytes thrown away: of the pairs, or of what a statement of ours reads."""
    from django.db import connection

    rows = size = 0
    sql = f"COPY ({statement}) TO STDOUT" if statement else COPY.replace("PROJECT", str(project.pk))
    started = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(sql, values) as copy:
        for block in copy:
            rows += 1
            size += len(block)
    return speed(rows, size, time.perf_counter() - started)


def speed(rows: int, size: int, seconds: float) -> dict[str, Any]:
    return {
        "rows": rows,
        "bytes": size,
        "seconds": round(seconds, 2),
        "rows_s": round(rows / seconds),
        "mb_s": round(size / seconds / 1e6, 1),
    }


def frozen(project: Any, name: str, kind: str = "jsonl") -> tuple[dict[str, Any], Path]:
    """One format as one kind of file: a whole freeze, and the folder that it made. Bytes are those on disk."""
    from exports.snapshot import freeze
    from workers.models import Job

    job = Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=project)
    query = {"formats": [name], "files": [kind]}
    started = time.perf_counter()
    with Memory() as memory:
        snapshot = freeze(job_id=job.pk, project=project, by=None, query=query)
    seconds = time.perf_counter() - started
    files = snapshot.manifest["files"].values()
    found = speed(sum(f["rows"] for f in files), sum(f["bytes"] for f in files), seconds)
    return {**found, "memory_growth_mb": memory.growth_mb}, snapshot.folder


class Clock:
    """Seconds of CPU within a class's methods, on whatever threads these run."""

    def __init__(self, kind: type, *names: str):
        self.seconds = 0.0
        self._kind, self._own = kind, {name: getattr(kind, name) for name in names}

    def __enter__(self) -> "Clock":
        for name, own in self._own.items():
            setattr(self._kind, name, self._timed(own))
        return self

    def _timed(self, own: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            started = time.thread_time()
            try:
                return own(*arguments)
            finally:
                self.seconds += time.thread_time() - started

        return timed

    def __exit__(self, *error: object) -> None:
        for name, own in self._own.items():
            setattr(self._kind, name, own)


def as_parquet(project: Any) -> tuple[dict[str, Any], Path]:
    """The freeze, and of it the part that turns batches of rows into a file, beside pyarrow alone with these batches.

    All three in rows a second of CPU, which waiting for the database and for other threads does not enter:
    ours from rows (with the hash of their lines), pyarrow's from rows (`Table.from_pylist`), and from tables that are
    ready in memory, where there is nothing left to do but to encode and to compress.
    """
    from exports.parquet import Parquet

    with Clock(Parquet, "write", "finish") as clock:
        facts, folder = frozen(project, PAIRS, "parquet")
    alone = arrow_alone(folder)
    ours = facts["rows"] / clock.seconds
    return {
        **facts,
        "writer_rows_s": round(ours),
        "pyarrow_from_rows_s": round(alone["from_rows"]),
        "pyarrow_from_tables_s": round(alone["from_tables"]),
        "writer_ratio_to_pyarrow_from_rows": round(ours / alone["from_rows"], 2),
        "writer_ratio_to_pyarrow_from_tables": round(ours / alone["from_tables"], 2),
        "freeze_ratio_to_pyarrow_from_tables": round(facts["rows_s"] / alone["from_tables"], 2),
    }, folder


def arrow_alone(folder: Path) -> dict[str, float]:
    """Rows a second of CPU that pyarrow alone writes of a freeze's row groups: the first few, if there are many."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from exports.parquet import COMPRESSION, LEVEL

    rows, seconds = 0, {"from_rows": 0.0, "from_tables": 0.0}
    for number, table in enumerate(row_groups(sorted((folder / PAIRS).glob("*.parquet")))):
        if number == GROUPS:
            break
        plain = table.to_pylist()
        rows += len(plain)
        for way in seconds:
            started = time.thread_time()
            with pq.ParquetWriter(folder / "again", table.schema, compression=COMPRESSION,
                                  compression_level=LEVEL) as writer:  # fmt: skip
                made = pa.Table.from_pylist(plain, schema=table.schema) if way == "from_rows" else table
                writer.write_table(made, row_group_size=max(1, len(plain)))
            seconds[way] += time.thread_time() - started
    return {way: rows / spent for way, spent in seconds.items()}


def row_groups(paths: Sequence[Path]) -> Iterator[Any]:
    import pyarrow.parquet as pq

    for path in paths:
        file = pq.ParquetFile(path)
        yield from map(file.read_row_group, range(file.num_row_groups))


def first_byte(project: Any, name: str) -> float:
    """Seconds until the streaming path gives its first bytes."""
    from exports.query import Query
    from exports.streaming import stream

    started = time.perf_counter()
    blocks = stream(project, Query(), name)
    next(blocks, b"")  # of some formats this project holds nothing
    seconds = time.perf_counter() - started
    blocks.close()  # type: ignore[attr-defined]
    return round(seconds, 3)


def first_bytes(project: Any) -> dict[str, float]:
    """Of every format, of the whole project."""
    from exports.formats import FORMATS as known

    return {name: first_byte(project, name) for name in known}


def pairs(project: Any, kinds: Sequence[str]) -> dict[str, Any]:
    """Pairs as these kinds of file, beside COPY of the pairs."""
    copy = shown("COPY of the pairs", copied(project))
    found: dict[str, Any] = {"copy": copy, "first_byte_s": first_byte(project, PAIRS)}
    for kind in kinds:
        facts, folder = as_parquet(project) if kind == "parquet" else frozen(project, PAIRS, kind)
        shutil.rmtree(folder)
        assert facts["rows"] == copy["rows"], "COPY and the freeze hold the same rows"
        assert kind != "jsonl" or facts["bytes"] == copy["bytes"], "and the same bytes"
        found[kind] = shown(kind, {**facts, "ratio_to_copy": round(facts["rows_s"] / copy["rows_s"], 2)})
    return found


def others(project: Any, formats: Sequence[str]) -> dict[str, Any]:
    """Other formats as JSONL, beside COPY of what the same statements read: the ratio is that of the seconds.

    A freeze always reads the judged tasks, for its statistics; one of prompts then reads these too.
    """
    from exports import records, statements
    from exports.formats import FORMATS as known
    from exports.formats import Reads
    from exports.plan import plan
    from exports.query import read

    judged = statements.records(gold="out", shown=True, safer=False, scores=False, order=statements.BY_HASH)
    found: dict[str, Any] = {}
    for name in formats:
        read_too = [statements.PROMPTS] if known[name].reads == Reads.PROMPTS else []
        values = records.values(plan(read({"formats": [name]}), project))
        copy = sum(copied(project, sql, values)["seconds"] for sql in [judged, *read_too])
        facts, folder = frozen(project, name)
        shutil.rmtree(folder)
        ratio = {"copy_s": round(copy, 2), "ratio_to_copy": round(copy / facts["seconds"], 2)}
        found[name] = shown(name, {**facts, **ratio, "first_byte_s": first_byte(project, name)})
    return found


def shown(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    print(f"{name}: {json.dumps(facts)}", file=sys.stderr, flush=True)
    return facts


def timed(task: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return task(), time.perf_counter() - started


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.exports")
    parser.add_argument("--rankings", type=int, default=int(os.environ.get("ROWS", "1000000")))
    parser.add_argument("--formats", nargs="*", default=FORMATS, help="of the small project, as JSONL")
    parser.add_argument("--kinds", nargs="*", default=KINDS, help="of pairs; compressed ones of the small project")
    parser.add_argument("--folder", type=Path, help="where databases and files go; by default a temporary one")
    given = parser.parse_args(arguments)
    small = max(1, given.rankings // PART) if given.rankings > 100_000 else given.rankings
    with tempfile.TemporaryDirectory(dir=given.folder) as folder, installation(Path(folder)):
        project, seconds = timed(lambda: fill(given.rankings))
        part = fill(small, "part", given.rankings) if small < given.rankings else project
        print(f"{given.rankings:,} rankings generated in {seconds:.0f} s", file=sys.stderr, flush=True)
        found = {
            "rankings": given.rankings,
            "first_bytes_s": shown("first bytes", first_bytes(project)),
            "pairs": pairs(project, [kind for kind in given.kinds if not kind.startswith("jsonl.")]),
            "part_rankings": small,
            "part_pairs": pairs(part, [kind for kind in given.kinds if kind.startswith("jsonl.")]),
            "part_formats": others(part, given.formats),
            "database_gb": database_gb(),
        }
    print(json.dumps(found))


def database_gb() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return round(cursor.fetchone()[0] / 1e9, 2)


if __name__ == "__main__":
    main()
