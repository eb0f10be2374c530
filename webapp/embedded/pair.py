import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from webapp.embedded import postgres, valkey


@dataclass(frozen=True)
class Servers:
    """Where the two servers are."""

    database_url: str
    redis_url: str

    @property
    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


class Pair:
    """PostgreSQL and Valkey over one data folder, at addresses that stay the same when one has to be started again."""

    RECORD: ClassVar[str] = "servers.json"

    def __init__(self, data_dir: Path, *, unsafe: bool = False):
        self.data_dir, self.unsafe = data_dir, unsafe
        self.sockets = Path(tempfile.mkdtemp(prefix="prefloop-pg-"))
        self.servers = Servers(postgres.url(self.sockets), valkey.new_url())
        self.database: subprocess.Popen[bytes] | None = None
        self.cache: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Both servers, then the record by which other commands find them. Raises `CannotStart`."""
        record = self.data_dir / self.RECORD
        record.unlink(missing_ok=True)
        self._start_database()
        self._start_cache()
        part = record.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(asdict(self.servers)))
        part.rename(record)

    def revive(self) -> Iterator[str]:
        """Start again whichever has died, and name it. Raises `CannotStart`; it may be called again later."""
        if self.database and self.database.poll() is not None:
            self._start_database()
            yield "PostgreSQL"
        if self.cache and self.cache.poll() is not None:
            self._start_cache()
            yield "Valkey"

    def stop(self) -> None:
        (self.data_dir / self.RECORD).unlink(missing_ok=True)
        if self.cache:
            valkey.stop(self.cache)
        if self.database:
            postgres.stop(self.database)
        postgres.remove(self.sockets)

    def _start_database(self) -> None:
        log = self.data_dir / "logs" / "postgres.log"
        self.database = postgres.start(self.data_dir / "postgres", log, self.sockets, unsafe=self.unsafe)

    def _start_cache(self) -> None:
        self.cache = valkey.start(self.data_dir / "logs" / "valkey.log", self.servers.redis_url)
