"""Two processes that share a model out between them: the same steps as one, resumed to the bit, saved whole."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from tests.reward.synthetic import make_groups
from workers.reward.launch import ROOT
from workers.reward.score import Scorer
from workers.reward.train import FINISHED, REFUSED, train_in

TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m"]


@contextmanager
def two_processes(run, module="workers.reward.train"):
    """The training of `run` in two processes; nothing of it is left behind."""
    with (run.path / "log").open("w") as log:
        command = [sys.executable, *TWO, module, str(run.path)]
        launched = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        try:
            yield launched
        finally:
            kill(launched)


def kill(launched):
    with suppress(ProcessLookupError):
        os.killpg(launched.pid, signal.SIGKILL)
    launched.wait()


def train_in_two(run):
    with two_processes(run) as launched:
        assert launched.wait(180) == 0, (run.path / "log").read_text()[-3000:]
    assert run.outcome() == "finished"


def wait_for_step(run, launched, step):
    until = time.monotonic() + 150
    while not any(event.get("step", 0) >= step for event in run.events()):
        assert launched.poll() is None, (run.path / "log").read_text()[-3000:]
        assert time.monotonic() < until
        time.sleep(0.02)


def losses(run, phase):
    return [event["loss"] for event in run.events() if event["phase"] == phase]


def weights(run):
    return AutoModelForSequenceClassification.from_pretrained(run.model).state_dict()


@pytest.fixture
def sharded(tiny_config):
    return replace(tiny_config, sharding="full")


@pytest.mark.slow
@pytest.mark.parametrize(("base", "changes"), [("tiny_bert", {}), ("tiny_llama", {}), ("tiny_llama", {"lora_rank": 2})])
def test_it_works(make_run, sharded, base, changes, request):
    """Rows of their own, packed groups, adapters; several passes a step, not as many in both processes.

    The last step's one group leaves a process without a share.
    """
    config = replace(
        sharded, base=str(request.getfixturevalue(base)), batch_groups=5, epochs=1, tokens_per_pass=120,
        gradient_clip=0.1, **changes,
    )  # fmt: skip
    groups = make_groups(20, random.Random(1))
    one, two = make_run("one", groups, replace(config, sharding="none")), make_run("two", groups, config)
    assert train_in(one, lambda: False) == FINISHED
    train_in_two(two)
    for phase in ("train", "validate"):
        assert losses(two, phase) == pytest.approx(losses(one, phase), abs=1e-4)
    for name, value in weights(one).items():
        torch.testing.assert_close(weights(two)[name], value, atol=1e-3, rtol=1e-3)
    assert len(Scorer(two.model).score([{"role": "user", "content": "w1"}], ["w2", "w3"])) == 2
    assert not list(two.model.glob("*.py"))


@pytest.mark.slow
def test_killed_in_the_middle_and_resumed_to_the_bit(make_run, sharded, tiny_llama):
    config = replace(sharded, base=str(tiny_llama))
    whole, run = make_run("whole", config=config), make_run("killed", config=config)
    train_in_two(whole)
    with two_processes(run) as launched:
        wait_for_step(run, launched, 7)
        kill(launched)
    assert not run.metrics.exists()
    train_in_two(run)
    assert any(event.get("resumed") for event in run.events())
    assert (run.model / "model.safetensors").read_bytes() == (whole.model / "model.safetensors").read_bytes()
    assert json.loads(run.metrics.read_text()) == json.loads(whole.metrics.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("sharding", ["none", "full"])
def test_memory_of_one_process_does_not_suffice(make_run, tiny_config, tiny_llama, sharding):
    """All halve together, and take the steps of one process that had room; where the model is sharded, all end."""
    changes = {"tokens_per_pass": 700, "probe": False, "batch_groups": 10, "epochs": 1}
    config = replace(tiny_config, base=str(tiny_llama), **changes)
    groups = make_groups(40, random.Random(1))
    one, two = make_run("one", groups, config), make_run("two", groups, replace(config, sharding=sharding))
    with two_processes(two, "tests.reward.short_of_memory") as launched:
        launched.wait(180)
    if sharding == "full":
        assert not two.metrics.exists()
        return
    assert two.outcome() == "finished", (two.path / "log").read_text()[-3000:]
    assert train_in(one, lambda: False) == FINISHED
    halved = [event["tokens_per_pass"] for event in two.events() if event["phase"] == "halved"]
    assert halved
    assert halved == [350, 175, 87][: len(halved)]
    for phase in ("train", "validate"):
        assert losses(two, phase) == pytest.approx(losses(one, phase), abs=1e-4)


@pytest.mark.slow
def test_stopped_by_signal_with_a_checkpoint(make_run, sharded):
    run = make_run("stopped", config=replace(sharded, epochs=5000))
    with two_processes(run) as launched:
        wait_for_step(run, launched, 3)
        launched.terminate()
        launched.wait(60)
    assert run.outcome() == "stopped"
    assert run.checkpoint.exists()


def test_one_process_has_nothing_to_share_out(make_run, sharded):
    run = make_run("alone", config=sharded)
    assert train_in(run, lambda: False) == REFUSED
    assert "set processes to the number of GPUs" in run.events()[-1]["reason"]
