"""docker-compose.yml cannot be run where there is no Docker engine: what it names must be there all the same."""

import importlib
import re
from pathlib import Path

from django.core.management import get_commands

from tests.production.compose import OURS, ROOT, SERVICES
from webapp.supervisor import plan
from workers.queues import Queue

ENV_NAMES = re.compile(r'env\.(?:text|flag|integer|listing|database)\(\s*"([A-Z_]+)"')


def test_the_production_shape() -> None:
    assert set(SERVICES) == {"postgres", "valkey", "migrate", "web", "worker-cpu", "worker-gpu", "worker-chat", "beat"}


def test_settings_read_every_variable() -> None:
    """A name that nothing reads is a switch that does nothing."""
    known = set(ENV_NAMES.findall((ROOT / "webapp" / "settings.py").read_text("utf-8")))
    for name, service in OURS.items():
        unknown = {variable.removesuffix("_FILE") for variable in service["environment"]} - known
        assert not unknown, (name, unknown)


def test_every_queue_is_served() -> None:
    served = [
        queue
        for service in OURS.values()
        if "-Q" in service.get("command", [])
        for queue in service["command"][service["command"].index("-Q") + 1].split(",")
    ]
    assert sorted(served) == sorted(Queue)
    laptop = [queue for queues, _, _ in plan.WORKERS.values() for queue in queues.split(",")]
    assert sorted(laptop) == sorted(Queue)


def test_commands_exist() -> None:
    for service in OURS.values():
        program, *arguments = service["command"]
        if program == "python":
            assert arguments[0] == "manage.py"
            assert arguments[1] in get_commands()
        elif program == "gunicorn":
            module, _, name = arguments[0].partition(":")
            assert callable(getattr(importlib.import_module(module), name))
        else:
            assert program == "celery"
            assert importlib.import_module(arguments[arguments.index("-A") + 1]).app


def test_nobody_runs_as_root_or_writes_where_it_need_not() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert re.search(r"^USER prefloop$", dockerfile.rpartition("FROM ")[2], re.MULTILINE)
    assert all(service["read_only"] for service in OURS.values())


def test_passwords_come_as_files() -> None:
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            if re.search("PASSWORD|SECRET|DATABASE_URL", variable):
                assert variable.endswith("_FILE"), (name, variable)


def test_the_image_holds_what_the_dockerfile_copies() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{Path(source).parts[0]}" in ignored, source


def test_the_gpu_is_for_those_who_use_it() -> None:
    with_gpu = [name for name, service in SERVICES.items() if "deploy" in service]
    assert with_gpu == ["worker-gpu", "worker-chat"]


def test_the_pinned_packages_are_the_installed_ones() -> None:
    """The lists that people install from, against what these tests ran on."""
    from importlib.metadata import version

    for name in ("requirements.txt", "requirements-models.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                package, _, pinned = line.partition("==")
                assert version(package.partition("[")[0]).partition("+")[0] == pinned, line
