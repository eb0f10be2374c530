"""How long two snapshots of a million rows take to compare, and how much memory that needs.

    python -m tests.benchmarks.comparing [ROWS …]      (1000000 preference rows of some 700 bytes a side)

One row in a hundred was removed, one was added, and one in fifty turned round. No database: the files are written here,
and the domain's own function compares them. The last line is one JSON object.
"""

import json
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

ROWS = (1_000_000,)
TEXT = "the of and a to in is you that it he was for on are as with his they at be this have from or one had by word"
WORDS = TEXT.split()


def rows(count: int, *, later: bool) -> Iterator[bytes]:
    for n in range(count):
        if n % 100 == (1 if later else 0):
            continue
        draw = random.Random(n)
        prompt, chosen, rejected = (" ".join(draw.choices(WORDS, k=size)) for size in (20, 60, 60))
        if later and n % 50 == 7:
            chosen, rejected = rejected, chosen
        sides = {"chosen": chosen, "rejected": rejected}
        said = {name: [{"role": "assistant", "content": text}] for name, text in sides.items()}
        row = {"prompt": [{"role": "user", "content": prompt}], **said, "group_id": f"{n:032x}"}
        yield json.dumps(row, separators=(",", ":")).encode() + b"\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",  # never asked
            "SECRET_KEY": "for this benchmark only",
            "PREFLOOP_DATA_DIR": folder,
        }
        import django

        django.setup()
        found = [measured(count, Path(folder)) for count in map(int, sys.argv[1:] or ROWS)]
    print(json.dumps({"comparing": found}))


def measured(count: int, folder: Path) -> dict[str, float]:
    from exports.comparing import Pair
    from exports.comparison import Diff
    from exports.models import Snapshot
    from tests.benchmarks.exports import Memory

    sides = []
    for later in (False, True):
        side = Snapshot(job_id=uuid.uuid4())
        (side.folder / "trl-preference").mkdir(parents=True)
        path = side.folder / "trl-preference" / "train.jsonl"
        with path.open("wb") as file:
            file.writelines(rows(count, later=later))
        facts = {"rows": count - count // 100, "bytes": path.stat().st_size}
        side.manifest = {"files": {"trl-preference/train.jsonl": facts}}
        sides.append(side)
    scratch = folder / f"scratch-{count}"
    scratch.mkdir()
    started = time.perf_counter()
    with Memory() as memory, Diff(folder / f"diff-{count}.jsonl") as diff:
        counts = Pair(*sides, "trl-preference", "train").compare(scratch, diff.write, lambda rows: None)
    took = time.perf_counter() - started
    assert counts["removed"] == counts["added"] == count // 100, counts
    return {"rows": count, "seconds": round(took, 1), "memory_mb": memory.growth_mb, **counts}


if __name__ == "__main__":
    main()
