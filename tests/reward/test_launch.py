import json
import random
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tests.reward.synthetic import make_groups
from workers.reward.config import TrainConfig
from workers.reward.launch import ROOT, launch_command, start
from workers.reward.train import FINISHED, train_in


def test_every_choice_is_explicit():
    command = launch_command("/runs/7", TrainConfig(processes=2, mixed_precision="bf16", threads=3))
    assert command[1:3] == ["-m", "accelerate.commands.launch"]
    assert {"--num_processes=2", "--multi_gpu", "--mixed_precision=bf16"} < set(command)
    assert "--num_cpu_threads_per_process=3" in command
    assert command[-3:] == ["-m", "workers.reward.train", "/runs/7"]


def test_cpu_is_forced_where_it_is_asked_for():
    assert "--cpu" in launch_command("/runs/7", TrainConfig(device="cpu"))


@pytest.mark.slow
def test_trains_under_accelerate_as_in_this_process(make_run):
    run, same = make_run("launched"), make_run("same")
    config = TrainConfig.from_json(run.config.read_text())
    done = subprocess.run(launch_command(run.path, config), cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert train_in(same, lambda: False) == FINISHED
    assert json.loads(run.metrics.read_text()) == json.loads(same.metrics.read_text())


@pytest.mark.slow
def test_stop_leaves_a_checkpoint_and_nobody_behind(make_run, tiny_config):
    config = replace(tiny_config, epochs=5000)
    run = make_run("long", config=config)
    training = start(run.path, config)
    until = time.monotonic() + 60
    while not any(event.get("step", 0) > 3 for event in run.events()):
        assert training.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    assert training.stop() == "stopped"
    assert run.checkpoint.exists()
    assert training.poll() == "stopped"


@pytest.mark.slow
def test_refusal_comes_through_the_launcher(make_run):
    run = make_run("empty", groups=[])
    training = start(run.path, TrainConfig.from_json(run.config.read_text()))
    assert training.wait(60) == "refused"
    assert "no comparisons" in run.events()[-1]["reason"]


@pytest.mark.slow
@pytest.mark.parametrize("base", ["tiny_bert", "tiny_llama"])
def test_two_processes_take_the_same_steps_as_one(make_run, tiny_config, base, request):
    """Five groups a step do not divide by two, and the last step's one group leaves a process without a share.

    The second base is causal: its groups are packed.
    """
    config = replace(tiny_config, base=str(request.getfixturevalue(base)), batch_groups=5, epochs=1)
    groups = make_groups(20, random.Random(1))  # 16 to train on: steps of 5, 5, 5 and 1
    one, two = make_run("one", groups, config), make_run("two", groups, config)
    assert train_in(one, lambda: False) == FINISHED
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "workers.reward.train"]
    done = subprocess.run([sys.executable, *launcher, str(two.path)], cwd=ROOT, capture_output=True, timeout=180)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    losses = [[event["loss"] for event in run.events() if event["phase"] == "train"] for run in (one, two)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)
    assert two.outcome() == "finished"
