"""An installation to measure: PostgreSQL and Valkey of its own, gunicorn as `manage.py up` starts it, people, tasks."""

import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.production.conftest import free_port, stop, wait_until

if TYPE_CHECKING:
    from annotation.models import Person, Project

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "bench"


def shared(name: str) -> ModuleType:
    """A module of ../shared/bench, used where it lies."""
    import importlib.util
    import sys

    path = SHARED / f"{name}.py"
    if not path.exists():
        sys.exit(f"{path} is not there: this benchmark drives the load generator that lies beside the repository.")
    spec = importlib.util.spec_from_file_location(f"shared_{name}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def database() -> Iterator[Path]:
    """Django set up over servers of our own in an empty data folder, as safe as those of `manage.py up`."""
    from webapp.embedded import running

    folder = Path(tempfile.mkdtemp(prefix="prefloop-bench-"))
    os.environ.update(PREFLOOP_DATA_DIR=str(folder), SECRET_KEY="for measuring only", OMP_NUM_THREADS="1")
    os.environ.update(DJANGO_SETTINGS_MODULE="webapp.settings", LOG_LEVEL="WARNING")
    try:
        with running(folder) as servers:
            os.environ.update(servers.environment)
            import django
            from django.core.management import call_command
            from django.db import connection

            django.setup()
            call_command("migrate", verbosity=0)
            yield folder
            connection.close()
            connection.close_pool()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_pid(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])


@dataclass(frozen=True)
class Web:
    """A running gunicorn."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def test_environment() -> dict[str, str]:
    """For a server of its own over the database of a running test."""
    from django.db import connection

    where = connection.settings_dict
    host = quote(where["HOST"], safe="")
    login = f"{where['USER']}:{where['PASSWORD']}" if where["PASSWORD"] else where["USER"]
    return {"DATABASE_URL": f"postgresql://{login}@{host}:{where['PORT'] or 5432}/{where['NAME']}", "DEBUG": "0"}


@contextmanager
def web(folder: Path, **environment: str) -> Iterator[Web]:
    """gunicorn with the command that `manage.py up` uses."""
    from webapp.supervisor.plan import web as command

    port = free_port()
    (folder / "logs").mkdir(exist_ok=True)
    with (folder / "logs" / "web.log").open("ab") as log:
        process = subprocess.Popen(
            command("127.0.0.1", port), cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **environment}
        )
    try:
        wait_until(lambda: _answers(port), lambda: (folder / "logs" / "web.log").read_text())
        yield Web(port, process.pid)
    finally:
        stop(process)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def people(project: "Project", count: int, prefix: str = "p") -> "list[tuple[Person, str]]":
    """Annotators of the project, each with a token."""
    from knox.models import AuthToken

    from annotation.models import Membership, Person, Role

    made = Person.objects.bulk_create(Person(username=f"{prefix}{n}", password="!") for n in range(count))
    Membership.objects.bulk_create(Membership(project=project, person=p, role=Role.ANNOTATOR) for p in made)
    return [(person, AuthToken.objects.create(person)[1]) for person in made]


def project(slug: str, **fields: object) -> "Project":
    from annotation import projects
    from annotation.models import Person

    owner, _ = Person.objects.get_or_create(username="olga", defaults={"may_create_projects": True})
    return projects.create(by=owner, slug=slug, name=slug.title(), languages=["en"], **fields)


def ranking_tasks(project: "Project", count: int) -> None:
    """`count` prompts with four answers each from ../shared/bench/corpus.py, and their rank tasks."""
    from annotation.content import content_hash, text_hash
    from annotation.models import Generator, Prompt, Sample
    from annotation.tasks import form_rank_tasks

    generator, _ = Generator.objects.get_or_create(project=project, name="corpus", defaults={"backend": "imported"})
    items = shared("corpus").items(count)
    batch = 1000
    for _ in range(0, count, batch):
        rows = [next(items) for _ in range(min(batch, count))]
        conversations = [[{"role": "user", "content": row["prompt"]}] for row in rows]
        prompts = Prompt.objects.bulk_create(
            Prompt(project=project, messages=m, content_hash=content_hash(m), family=str(row["n"]), language="en")
            for m, row in zip(conversations, rows, strict=True)
        )
        Sample.objects.bulk_create(
            Sample(prompt=prompt, generator=generator, text=text, text_hash=text_hash(text))
            for prompt, row in zip(prompts, rows, strict=True)
            for text in row["responses"]
        )
    form_rank_tasks(project=project)


def settled() -> None:
    """Statistics and visibility as after a quiet night, and a moment for the disk."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    time.sleep(1)
