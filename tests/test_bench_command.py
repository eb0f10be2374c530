"""`manage.py bench NAME OPTIONS`: options reach the benchmark, and only what can be run is on the list."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command


def bench(*arguments):
    command = [sys.executable, "manage.py", "bench", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)


def test_it_works():
    done = bench("queue_size", "--help")
    assert done.returncode == 0
    assert "== queue_size\nusage: " in done.stdout


def test_a_benchmarks_own_refusal_is_the_commands():
    done = bench("queue_size", "--nonsense", "2")
    assert done.returncode == 2
    assert "unrecognized arguments: --nonsense" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_list_has_what_can_be_run(capsys):
    call_command("bench", list=True)
    listed = capsys.readouterr().out.split()
    assert {"reward_speed", "reward_scoring", "exports"} <= set(listed)
    assert not {"oasst_lists", "reward_trl", "reward_bases"} & set(listed)


def test_an_unknown_name_is_refused():
    with pytest.raises(CommandError, match="No such benchmark: nosuch"):
        call_command("bench", "nosuch", "--steps", "2")
