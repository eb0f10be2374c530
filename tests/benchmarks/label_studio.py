"""Label Studio beside `queue_load`: in a virtual environment of its own, over a database of its own in our PostgreSQL.

LABEL_STUDIO_VENV names the environment (`pip install 'label-studio==1.23.*' uwsgi`). No benchmark by itself.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.load import installation
from tests.load.http import Client, Refused
from tests.production.conftest import free_port, stop, wait_until

NAME = "Label Studio"
DATABASE = "label_studio"
WORKERS = 4
START_S = 180.0
BATCH = 1000  # tasks in one import

CONFIG = """<View><Text name="prompt" value="$prompt"/><List name="answers" value="$answers" title="Answers"/>
<Ranker name="rank" toName="answers"/></View>"""

# Run by its own `manage.py shell`: people and tokens have no API in the community edition.
ACCOUNTS = """
import json, os
from organizations.models import Organization
from users.models import User

names = [f"bench{n}@example.com" for n in range(int(os.environ["BENCH_USERS"]))]
users = [User.objects.create_user(name, "only-for-the-benchmark") for name in names]
organization = Organization.create_organization(created_by=users[0], title="Bench", legacy_api_tokens_enabled=True)
for user in users:
    if user is not users[0]:
        organization.add_user(user)
    user.active_organization = organization
    user.save()
print("TOKENS", json.dumps([user.reset_token().key for user in users]))
"""


@dataclass(frozen=True)
class LabelStudio:
    """A running server and a project whose annotators have these tokens."""

    port: int
    pid: int
    tokens: Sequence[str]
    project: int
    address: str
    name: str = NAME

    def kept(self) -> int:
        with psycopg.connect(self.address) as connection:
            return _number(connection, "SELECT count(*) FROM task_completion")

    def loop(self, users: int, **options: Any) -> Any:
        """One run of ../shared/bench/load.py over its API; `options` are those of its `run_closed_loop`."""
        load, corpus = installation.shared("load"), installation.shared("corpus")

        async def ask(user: int, method: str, path: str, body: Any = None) -> Any:
            try:
                return await _once(self.port, self.tokens[user], method, path, body)
            except Refused as refused:
                raise load.HttpError(refused.status, str(refused)) from refused

        async def next_task(user: int) -> Any:
            try:
                given = await ask(user, "GET", f"/api/projects/{self.project}/next/")
            except load.HttpError as error:
                if error.status == 404:  # its word for: nothing left
                    return None
                raise
            return load.Assignment(given["id"], given)

        async def submit(user: int, assignment: Any) -> Any:
            body = _annotation(corpus.ranking(user, assignment.key), self.project)
            return (await ask(user, "POST", f"/api/tasks/{assignment.key}/annotations/", body))["id"]

        return asyncio.run(load.run_closed_loop(users, next_task, submit, **options))


async def _once(port: int, token: str, method: str, path: str, body: Any = None) -> Any:
    """One request on one connection: its server keeps none open."""
    client = Client(port, token)
    try:
        return await client.ask(method, path, body)
    finally:
        client.close()


def _annotation(order: Sequence[str], project: int) -> dict[str, Any]:
    facts = {"from_name": "rank", "to_name": "answers", "type": "ranker", "origin": "manual"}
    result = [{**facts, "id": "rank-1", "value": {"ranker": {"rank": list(order)}}}]
    return {"result": result, "lead_time": 1, "project": project, "was_cancelled": False}


@contextmanager
def running(folder: Path, users: int, tasks: int) -> Iterator[LabelStudio | None]:
    """Label Studio with so many annotators and tasks, or None (and a line that says so) where it is not installed."""
    named = os.environ.get("LABEL_STUDIO_VENV")
    if not named:
        print("LABEL_STUDIO_VENV is not set: PrefLoop is measured alone.")
        yield None
        return
    venv = Path(named)
    address, environment = _database(folder, venv)
    _manage(venv, environment, "migrate", "--no-color", "-v", "0")
    tokens = _accounts(venv, environment, users)
    with _web(venv, environment, folder) as (port, pid):
        project = asyncio.run(_project(port, tokens[0], tasks))
        _settled(address)
        yield LabelStudio(port, pid, tokens, project, address)


def _home(venv: Path) -> Path:
    found = sorted(venv.glob("lib/python*/site-packages/label_studio"))
    if not found:
        raise SystemExit(f"There is no Label Studio in {venv}: install it there, or unset LABEL_STUDIO_VENV.")
    return found[0]


def _database(folder: Path, venv: Path) -> tuple[str, dict[str, str]]:
    """A database in the server that ours uses: its address, and what tells Label Studio about it."""
    from django.db import connection

    where = {"host": connection.settings_dict["HOST"], "user": connection.settings_dict["USER"]}
    port = str(connection.settings_dict["PORT"] or 5432)
    with psycopg.connect(**where, port=port, dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
    told = {"DJANGO_DB": "default", "POSTGRE_HOST": where["host"], "POSTGRE_PORT": port, "POSTGRE_NAME": DATABASE,
            "POSTGRE_USER": where["user"], "POSTGRE_PASSWORD": ""}  # fmt: skip
    return psycopg.conninfo.make_conninfo(**where, port=port, dbname=DATABASE), _environment(folder, venv) | told


def _environment(folder: Path, venv: Path) -> dict[str, str]:
    """Nothing of ours, nothing that calls out, no more said than in production."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    quiet = {"SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": "", "COLLECT_ANALYTICS": "false", "LATEST_VERSION_CHECK": "false"}
    own = {"DJANGO_SETTINGS_MODULE": "core.settings.label_studio", "PYTHONPATH": str(_home(venv))}
    data = {"LABEL_STUDIO_BASE_DATA_DIR": str(folder / "label-studio"), "SECRET_KEY": "for measuring only"}
    return kept | quiet | own | data | {"DEBUG": "false", "LOG_LEVEL": "ERROR", "OMP_NUM_THREADS": "1"}


def _manage(venv: Path, environment: dict[str, str], *command: str, script: str | None = None, **extra: str) -> str:
    done = subprocess.run(
        [venv / "bin" / "python", "manage.py", *command],
        cwd=_home(venv), env=environment | extra, input=script, capture_output=True, text=True, timeout=START_S * 2,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"Label Studio's manage.py {command[0]} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def _accounts(venv: Path, environment: dict[str, str], users: int) -> list[str]:
    said = _manage(venv, environment, "shell", "-c", ACCOUNTS, BENCH_USERS=str(users))
    return list(json.loads(said.partition("TOKENS ")[2].splitlines()[0]))


@contextmanager
def _web(venv: Path, environment: dict[str, str], folder: Path) -> Iterator[tuple[int, int]]:
    """Its web server with four workers: the port, and the first process."""
    port, log = free_port(), folder / "logs" / "label-studio.log"
    with log.open("ab") as said:
        process = subprocess.Popen(
            _server(venv, port), cwd=_home(venv), env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        wait_until(lambda: _answers(port), log.read_text, START_S)
        yield port, process.pid
    finally:
        stop(process)


def _server(venv: Path, port: int) -> list[str]:
    """uwsgi with the settings of Label Studio's deploy/uwsgi.ini, or gunicorn where uwsgi did not build."""
    at, bin_folder = f"127.0.0.1:{port}", venv / "bin"
    if (bin_folder / "uwsgi").exists():
        flags = ["master", "single-interpreter", "vacuum", "die-on-term", "need-app", "ignore-sigpipe",
                 "ignore-write-errors", "disable-write-exception", "disable-logging", "enable-threads",
                 "thunder-lock", "lazy-apps"]  # fmt: skip
        valued = {"http": at, "virtualenv": venv, "module": "core.wsgi:application", "processes": WORKERS, "threads": 1,
                  "buffer-size": 65535, "http-timeout": 300, "harakiri": 360, "post-buffering": 4096,
                  "max-requests": 5000, "worker-reload-mercy": 300}  # fmt: skip
        settings = [f"--{flag}" for flag in flags] + [f"--{name}={value}" for name, value in valued.items()]
        return [str(bin_folder / "uwsgi"), *settings]
    if (bin_folder / "gunicorn").exists():
        print("uwsgi is not installed beside Label Studio: gunicorn with four workers serves it.")
        return [str(bin_folder / "gunicorn"), f"--bind={at}", f"--workers={WORKERS}", "core.wsgi:application"]
    raise SystemExit(f"There is neither uwsgi nor gunicorn in {venv}: install one of them there.")


def _answers(port: int) -> bool:
    try:
        return bool(asyncio.run(asyncio.wait_for(_once(port, "", "GET", "/health"), 30)))
    except (OSError, Refused, asyncio.IncompleteReadError):  # a time-out is an OSError
        return False


async def _project(port: int, token: str, tasks: int) -> int:
    """A project of ranking tasks over its own import; one annotation each."""
    facts = {"title": "Bench", "label_config": CONFIG, "maximum_annotations": 1}
    project = int((await _once(port, token, "POST", "/api/projects/", facts))["id"])
    corpus = installation.shared("corpus")
    for start in range(0, tasks, BATCH):
        rows = [_task(row, corpus.RESPONSE_IDS) for row in corpus.items(min(BATCH, tasks - start), start=start)]
        made = await _once(port, token, "POST", f"/api/projects/{project}/import", rows)
        if made["task_count"] != len(rows):
            raise SystemExit(f"Label Studio took {made['task_count']} of {len(rows)} tasks.")
    return project


def _task(row: dict[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    answers = [{"id": name, "title": "", "body": text} for name, text in zip(ids, row["responses"], strict=True)]
    return {"data": {"prompt": row["prompt"], "answers": answers}}


def _settled(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _number(connection: psycopg.Connection[Any], statement: str) -> int:
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0
