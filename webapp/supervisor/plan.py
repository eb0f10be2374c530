"""Which processes make up an installation on one machine; docker-compose.yml names the same ones for several."""

import sys
from pathlib import Path

from webapp.supervisor.children import Child, rotate

PYTHON = sys.executable
# Pages come before models, where both want the same cores, and answers that somebody waits for before the others.
NICE = {"web": 0, "worker-chat": 2}
NICE_ELSE = 5
# One process a queue for what holds a model, so that a long training never blocks answers or scores. Chat has threads,
# since most of them wait for a server or for their turn on a local model (ADR 17).
WORKERS = {
    "worker-cpu": ("default,export", "threads", 3),
    "worker-generate": ("generate", "solo", 1),
    "worker-chat": ("chat", "threads", 4),
    "worker-score": ("score", "solo", 1),
    "worker-train": ("train", "solo", 1),
}


def children(*, host: str, port: int, data_dir: Path, environment: dict[str, str]) -> list[Child]:
    """Web, workers and beat, not yet started."""
    commands = {"web": web(host, port), **{name: worker(name) for name in WORKERS}, "beat": beat(data_dir)}
    logs = data_dir / "logs"
    # OpenMP's threads spin while they wait for each other; where another process wants that core, both crawl.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **environment}
    return [
        Child(name, command, rotate(logs / f"{name}.log"), environment, nice=NICE.get(name, NICE_ELSE))
        for name, command in commands.items()
    ]


def web(host: str, port: int) -> list[str]:
    # Preloaded, so that the two processes share most of their memory; no connection is open before the fork.
    return [
        PYTHON, "-m", "gunicorn", "webapp.wsgi:application", "--bind", f"{host}:{port}", "--preload",
        "--workers", "2", "--threads", "4", "--timeout", "120", "--graceful-timeout", "5", "--keep-alive", "30",
        "--no-control-socket",
    ]  # fmt: skip


def worker(name: str) -> list[str]:
    queues, pool, concurrency = WORKERS[name]
    return [
        PYTHON, "-m", "celery", "-A", "workers.app", "worker", "-n", f"{name}@%h", "-Q", queues, "-l", "WARNING",
        "--pool", pool, "--concurrency", str(concurrency),
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip


def beat(data_dir: Path) -> list[str]:
    schedule = str(data_dir / "beat-schedule")
    return [PYTHON, "-m", "celery", "-A", "workers.app", "beat", "-s", schedule, "--pidfile=", "-l", "WARNING"]
