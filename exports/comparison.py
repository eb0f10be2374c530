"""The job that compares two snapshots: counts, the first examples, and a file of all changes for each format."""

from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from django.db import transaction

from annotation.models import Person, Project
from annotation.splitting import SPLITS
from exports import shelf
from exports.comparing import Counts, Pair, shared_formats
from exports.disk import Facts, HashedFile
from exports.models import Comparison, Snapshot
from exports.reading import Damaged
from exports.snapshot import draft_of
from workers import jobs
from workers.models import Job
from workers.sentences import Sentence

BLOCK = 1 << 17  # bytes that are written at once
EXAMPLES = 3  # of each kind and format
LONGEST, MOST = 1_500, 12  # characters of a text, and items of a list, in an example

GONE = Sentence("One of the two snapshots was withdrawn: there is nothing to compare.")


def start(*, project: Project, by: Person, before: Snapshot, after: Snapshot) -> Job:
    """Queue a comparison, or answer the job that makes it already. `by` may read both. Raises `jobs.Refused`."""
    if before.pk == after.pk:
        raise jobs.Refused("A snapshot is the same as itself: choose another one.")
    if before.withdrawn_at or after.withdrawn_at:
        raise jobs.Refused(GONE)
    if not shared_formats(before, after):
        raise jobs.Refused("The two have no format in common: freeze one of them again with a format of the other.")
    arguments = {"before": before.pk, "after": after.pk}
    under_way = Job.objects.unfinished().filter(kind=Job.Kind.COMPARE, project=project, arguments=arguments).first()
    return under_way or jobs.enqueue(Job.Kind.COMPARE, project=project, by=by, arguments=arguments)


@jobs.handler(Job.Kind.COMPARE)
def run(job: jobs.RunningJob) -> dict[str, Any]:
    """Compare; answers `{comparison, before, after, added, removed, changed, alike}`. A restart begins anew."""
    asked = job.arguments
    sides = Snapshot.objects.open().in_bulk([asked["before"], asked["after"]])
    if len(sides) < 2:
        raise jobs.Refused(GONE)
    made = Comparison(before=sides[asked["before"]], after=sides[asked["after"]], job_id=job.id)
    with TemporaryDirectory(dir=job.folder) as scratch, draft_of(made.folder) as draft:
        try:
            made.manifest = write(draft, Path(scratch), made.before, made.after, job.progress)
        except Damaged as error:
            raise jobs.Refused(error) from error
    return {"comparison": _keep(made, job).pk, "before": made.before.pk, "after": made.after.pk, **total(made)}


def total(made: Comparison) -> Counts:
    """All splits of the format that has most rows: formats tell of the same judgements, so adding them up would not."""
    sums = [format_total(splits) for splits in made.manifest["formats"].values()]
    return max(sums, key=lambda counts: sum(counts.values()))


def format_total(splits: dict[str, Counts]) -> Counts:
    found: Counter[str] = Counter()
    for counts in splits.values():
        found.update(counts)
    return dict(found)


def _keep(made: Comparison, job: jobs.RunningJob) -> Comparison:
    """Record it, unless one of the two was withdrawn or another job was first: then what was written goes."""
    if shelf.has_store():
        shelf.put(made, job.progress)
        made.is_remote = True
    with transaction.atomic():
        pair = [made.before.pk, made.after.pk]
        still = Snapshot.objects.open().filter(pk__in=pair).order_by("pk").select_for_update().count()
        known = Comparison.objects.filter(before=made.before, after=made.after).first()
        if still == 2 and known is None:
            made.save(force_insert=True)
    if made.pk is None:
        shelf.remove(made)
    elif made.is_remote:
        shelf.drop_local(made)
    if known is None and made.pk is None:
        raise jobs.Refused(GONE)
    return known or made


def write(folder: Path, scratch: Path, before: Snapshot, after: Snapshot, report: shelf.Report) -> dict[str, Any]:
    """Compare all formats that both have, and write their changes into `folder`; answers the manifest."""
    pairs = {name: [Pair(before, after, name, split) for split in SPLITS] for name in shared_formats(before, after)}
    rows = sum(pair.rows() for splits in pairs.values() for pair in splits)
    done, formats, files, examples = 0, {}, {}, {}
    for name, splits in pairs.items():

        def count(more: int, name: str = name) -> None:
            nonlocal done
            done += more
            report(done, rows, name)

        with Diff(folder / f"{name}.jsonl") as diff:
            formats[name] = {pair.split: pair.compare(scratch, diff.write, count) for pair in splits}
        files[f"{name}.jsonl"], examples[name] = diff.facts, diff.examples
    sides = {"before": _side(before), "after": _side(after)}
    return {**sides, "formats": formats, "files": files, "examples": examples}


def _side(snapshot: Snapshot) -> dict[str, Any]:
    return {"id": snapshot.pk, "sha256": snapshot.sha256}


class Diff:
    """A file of changes, a JSON line each; the first of each kind are kept as examples, long texts cut short."""

    def __init__(self, path: Path):
        self._file, self._waiting, self._size = HashedFile(path), list[bytes](), 0
        self._rows = 0
        self.examples: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def __enter__(self) -> "Diff":
        return self

    def __exit__(self, *error: object) -> None:
        if not any(error):
            self._flush()
            self._file.sync()
        self._file.close()

    def write(self, kind: str, line: bytes) -> None:
        self._rows += 1
        self._waiting.append(line)
        self._size += len(line)
        if len(self.examples[kind]) < EXAMPLES:
            self.examples[kind].append(short(orjson.loads(line)))
        if self._size >= BLOCK:
            self._flush()

    def _flush(self) -> None:
        self._file.write(b"".join(self._waiting))
        self._waiting, self._size = [], 0

    @property
    def facts(self) -> Facts:
        return {"rows": self._rows, **self._file.facts}


def short(value: Any) -> Any:
    """The value with its long texts and lists cut, for a page; an ellipsis says so."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[:LONGEST] + "…"
    if isinstance(value, list):
        return [*map(short, value[:MOST]), *(["…"] if len(value) > MOST else [])]
    return {name: short(one) for name, one in value.items()} if isinstance(value, dict) else value


def remove_with(snapshot: Snapshot) -> None:
    """Take away all comparisons with a snapshot that was withdrawn: their files hold its rows."""
    for made in Comparison.objects.with_snapshot(snapshot):
        shelf.remove(made)
        made.delete()
