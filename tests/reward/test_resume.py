"""A run that was stopped or killed anywhere ends in the same weights and the same figures, to the bit."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import count

import pytest

from workers.reward.guard import STOPPED
from workers.reward.launch import ROOT
from workers.reward.train import BUSY, FINISHED, REFUSED, train_in


def never():
    return False


def after(looks):
    """Asks to stop from the given look on."""
    counter = count()
    return lambda: next(counter) >= looks


@pytest.fixture
def whole(make_run):
    run = make_run("whole")
    train_in(run, never)
    return run


def assert_same(run, whole):
    weights = "model.safetensors"
    assert (run.model / weights).read_bytes() == (whole.model / weights).read_bytes()
    assert run.metrics.read_bytes() == whole.metrics.read_bytes()


def spawn(run, *options, **kwargs):
    command = [sys.executable, "-m", "workers.reward.train", str(run.path), *options]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, **kwargs)


def wait_for_step(run, step, timeout_s=150):
    until = time.monotonic() + timeout_s
    while not any(event.get("step", 0) >= step for event in run.events()):
        assert time.monotonic() < until, run.events()
        time.sleep(0.02)


@pytest.mark.parametrize("looks", [10, 52, 60, 70])
def test_stopped_anywhere_and_resumed(make_run, whole, looks):
    """In the probe, the steps, a validation."""
    run = make_run("stopped")
    assert train_in(run, after(looks)) == STOPPED
    assert run.outcome() == "stopped"
    assert train_in(run, never) == FINISHED
    assert_same(run, whole)


def test_stopped_again_and_again(make_run, whole):
    run = make_run("stopped")
    for looks in (50, 5, 2, 7):
        assert train_in(run, after(looks)) == STOPPED
    assert train_in(run, never) == FINISHED
    assert_same(run, whole)


def test_finished_run_returns_at_once(whole):
    before = whole.progress.read_bytes()
    assert train_in(whole, never) == FINISHED
    assert whole.progress.read_bytes() == before


def test_checkpoint_of_other_data_is_not_taken_over(make_run, tiny_config):
    run = make_run("stopped")
    train_in(run, after(60))
    run.config.write_text(replace(tiny_config, seed=5).to_json())
    assert train_in(run, never) == REFUSED
    assert "another configuration" in run.events()[-1]["reason"]


def test_second_trainer_keeps_away(make_run, monkeypatch, capsys):
    run = make_run("busy")
    monkeypatch.setattr("workers.reward.train.LOCK_PATIENCE_S", 0.1)
    with run.locked(0):
        assert train_in(run, never) == BUSY
    assert "Another trainer is at work" in capsys.readouterr().err
    assert run.events() == []


@pytest.mark.slow
def test_killed_in_the_middle_and_resumed(make_run, whole):
    run = make_run("killed")
    with spawn(run) as trainer:
        wait_for_step(run, 7)
        trainer.kill()
    assert trainer.returncode == -signal.SIGKILL
    assert not run.metrics.exists()
    assert train_in(run, never) == FINISHED
    assert any(event.get("resumed") for event in run.events())
    assert_same(run, whole)


@pytest.mark.slow
def test_packed_groups_killed_and_resumed(make_run, tiny_config, tiny_llama):
    """The same to the bit with a causal base, whose groups are packed."""
    config = replace(tiny_config, base=str(tiny_llama))
    whole, run = make_run("whole", config=config), make_run("killed", config=config)
    train_in(whole, never)
    with spawn(run) as trainer:
        wait_for_step(run, 7)
        trainer.kill()
    assert not run.metrics.exists()
    assert train_in(run, never) == FINISHED
    assert any(event.get("resumed") for event in run.events())
    assert json.loads(run.metrics.read_text())["packed"]
    assert_same(run, whole)


@pytest.mark.slow
def test_sigterm_saves_a_checkpoint(make_run, tiny_config):
    run = make_run("stopped", config=replace(tiny_config, epochs=500))
    with spawn(run) as trainer:
        wait_for_step(run, 7)
        trainer.terminate()
        assert trainer.wait(30) == STOPPED
    stopped = run.events()[-1]
    assert stopped["phase"] == "stopped"
    train_in(run, after(1))
    resumed = next(event for event in run.events() if event.get("resumed"))
    assert resumed["step"] == stopped["step"]


@pytest.mark.slow
def test_ends_when_its_owner_closes_the_pipe(make_run, tiny_config):
    run = make_run("orphan", config=replace(tiny_config, epochs=500))
    with spawn(run, "--watch-stdin", stdin=subprocess.PIPE) as trainer:
        wait_for_step(run, 2)
        trainer.stdin.close()
        assert trainer.wait(10) == STOPPED


OWNER = """
import sys, time
from pathlib import Path
from workers.reward.config import TrainConfig
from workers.reward.launch import start
run = Path(sys.argv[1])
start(run, TrainConfig.from_json((run / "config.json").read_text()))
time.sleep(600)
"""


@pytest.mark.slow
def test_trainer_under_accelerate_dies_with_a_killed_owner(make_run, tiny_config):
    run = make_run("owned", config=replace(tiny_config, epochs=5000))
    with subprocess.Popen([sys.executable, "-c", OWNER, str(run.path)], cwd=ROOT) as owner:
        wait_for_step(run, 2)
        os.kill(owner.pid, signal.SIGKILL)
    with run.locked(patience_s=15):
        size = run.progress.stat().st_size
    time.sleep(0.3)
    assert run.progress.stat().st_size == size
    assert json.loads(run.progress.read_text().splitlines()[-1])["phase"] in ("train", "validate", "stopped")
