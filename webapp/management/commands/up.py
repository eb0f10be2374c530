import os
import signal
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webapp import demo
from webapp.embedded import CannotStart, owned, prepare
from webapp.embedded.secret import ensure_secret
from webapp.supervisor import checks, plan
from webapp.supervisor.care import Care
from webapp.supervisor.children import Child, stop_all, watch
from webapp.supervisor.probe import answers
from webapp.supervisor.steps import Steps

READY_S = 90.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Command(BaseCommand):
    help = "Start all of PrefLoop: PostgreSQL and Valkey (unless named by URL), web, workers and beat. Ctrl-C stops it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--demo", action="store_true", help="Seed three projects and people to sign in as.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping, self.step = threading.Event(), Steps(4, self._say)
        self.care: Callable[[], None] = lambda: None
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
        stack.enter_context(checks.only_one(data_dir, url))
        checks.check_port(host, port)
        environment = self._servers(stack, data_dir, host)
        self._prepare(environment, with_demo)
        children = plan.children(host=host, port=port, data_dir=data_dir, environment=environment)
        stack.callback(self._stop, children)
        self._start(children, host, port)
        self._say(f"\nPrefLoop is ready at {url}")
        self._say(f"({time.monotonic() - began:.0f} s; Ctrl-C stops it; its data is in {data_dir})")
        if with_demo:
            self._say("\n" + demo.sign_ins())
        watch(children, self.stopping.wait, self._say, self.care)

    def _servers(self, stack: ExitStack, data_dir: Path, host: str) -> dict[str, str]:
        hosts = ",".join([*settings.ALLOWED_HOSTS, host])
        environment = {**os.environ, "PREFLOOP_DATA_DIR": str(data_dir), "ALLOWED_HOSTS": hosts}
        if "SECRET_KEY" not in environment and "SECRET_KEY_FILE" not in environment:
            environment["SECRET_KEY_FILE"] = str(ensure_secret(data_dir))
        if settings.DATABASES["default"]["PORT"] != "1":  # manage.py names port 1 where no server was named
            with self.step("using the PostgreSQL and Redis that DATABASE_URL and REDIS_URL name"):
                return environment
        with self.step("starting PostgreSQL and Valkey"):
            pair = stack.enter_context(owned(data_dir))
        self.care = Care(pair, self._say)
        return {"WORKERS_HERE": "1"} | environment | pair.servers.environment

    def _prepare(self, environment: dict[str, str], with_demo: bool) -> None:
        what = "database, translations, static files" + (" and the demo" if with_demo else "")
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "prepare", *(["--demo"] if with_demo else [])]
        with self.step(f"bringing up to date: {what}"):
            done = subprocess.run(command, env=environment, check=False)
            if self.stopping.is_set():
                sys.exit(130)
            if done.returncode:
                raise CannotStart("The preparation failed: what it said is above.")

    def _start(self, children: list[Child], host: str, port: int) -> None:
        """The web server first, alone: somebody waits for its page, and nobody yet for the workers."""
        web, *others = children
        with self.step(f"starting {web.name} and waiting for its answer"):
            web.start()
            self._await(web, host, port)
        with self.step(f"starting {', '.join(child.name for child in others)}"):
            for child in others:
                child.start()

    def _await(self, web: Child, host: str, port: int) -> None:
        ends = time.monotonic() + READY_S
        while not answers(host, port):
            if self.stopping.wait(0.1):
                sys.exit(130)
            if web.ended() is not None or time.monotonic() > ends:
                raise CannotStart(f"The web server did not start. Its last words:\n{web.last_words()}")

    def _stop(self, children: list[Child]) -> None:
        self._say("\nStopping …")
        stop_all(children)
        self._say("Stopped. What was entered is kept.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
