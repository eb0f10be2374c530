import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webapp import demo
from webapp.embedded import CannotStart, prepare, running
from webapp.embedded.secret import ensure_secret
from webapp.supervisor import checks, plan
from webapp.supervisor.children import Child, stop_all, watch

READY_S = 90.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Command(BaseCommand):
    help = "Start all of PrefLoop: PostgreSQL and Valkey (unless named by URL), web, workers and beat. Ctrl-C stops it."
    requires_system_checks: Sequence[str] = []
    steps = 4

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--demo", action="store_true", help="Seed two projects and people to sign in as.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        if options["demo"] and options["host"] not in LOOPBACK:
            raise CommandError("The demo's passwords are public: it runs on this machine only (--host 127.0.0.1).")
        try:
            with ExitStack() as stack:
                self._run(stack, options["host"], options["port"], options["demo"])
        except CannotStart as error:
            raise CommandError(str(error)) from error

    def _run(self, stack: ExitStack, host: str, port: int, with_demo: bool) -> None:
        data_dir, began = Path(settings.DATA_DIR), time.monotonic()
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        prepare(data_dir)
        checks.check_space(data_dir)
        stack.enter_context(checks.only_one(data_dir, url))
        checks.check_port(host, port)
        environment = self._servers(stack, data_dir, host)
        self._prepare(environment, with_demo)
        children = plan.children(host=host, port=port, data_dir=data_dir, environment=environment)
        stack.callback(self._stop, children)
        self._start(children, url)
        self._say(f"\nPrefLoop is ready at {url}")
        self._say(f"({time.monotonic() - began:.0f} s; Ctrl-C stops it; its data is in {data_dir})")
        if with_demo:
            self._say("\n" + demo.sign_ins())
        watch(children, self.stopping.wait, self._say)

    def _servers(self, stack: ExitStack, data_dir: Path, host: str) -> dict[str, str]:
        hosts = ",".join([*settings.ALLOWED_HOSTS, host])
        environment = {**os.environ, "PREFLOOP_DATA_DIR": str(data_dir), "ALLOWED_HOSTS": hosts}
        if "SECRET_KEY" not in environment and "SECRET_KEY_FILE" not in environment:
            environment["SECRET_KEY_FILE"] = str(ensure_secret(data_dir))
        if settings.DATABASES["default"]["PORT"] != "1":  # manage.py names port 1 where no server was named
            self._step(1, "using the PostgreSQL and Redis that DATABASE_URL and REDIS_URL name")
            return environment
        self._step(1, "starting PostgreSQL and Valkey")
        return environment | stack.enter_context(running(data_dir)).environment

    def _prepare(self, environment: dict[str, str], with_demo: bool) -> None:
        what = "database, static files, translations" + (" and the demo" if with_demo else "")
        self._step(2, f"bringing up to date: {what}")
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "prepare", *(["--demo"] if with_demo else [])]
        done = subprocess.run(command, env=environment, check=False)
        if self.stopping.is_set():
            sys.exit(130)
        if done.returncode:
            raise CannotStart("The preparation failed: what it said is above.")

    def _start(self, children: list[Child], url: str) -> None:
        self._step(3, f"starting {', '.join(child.name for child in children)}")
        for child in children:
            child.start()
        self._step(4, "waiting for the web server's answer")
        ends = time.monotonic() + READY_S
        while not _answers(url):
            if self.stopping.wait(0.1):
                sys.exit(130)
            if children[0].ended() is not None or time.monotonic() > ends:
                raise CannotStart(f"The web server did not start. Its last words:\n{children[0].last_words()}")

    def _stop(self, children: list[Child]) -> None:
        self._say("\nStopping …")
        stop_all(children)
        self._say("Stopped. What was entered is kept.")

    def _step(self, number: int, what: str) -> None:
        self._say(f"[{number}/{self.steps}] {what}")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
