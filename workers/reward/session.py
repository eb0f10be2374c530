"""One training from its folder to its metrics, with torch and accelerate set up."""

from collections.abc import Callable

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs

from workers.reward import sharding
from workers.reward.checkpoint import fingerprint, put_back, trainable
from workers.reward.config import TrainConfig, TrainingRefused
from workers.reward.data import Groups
from workers.reward.finish import finish
from workers.reward.memory import keep_memory
from workers.reward.model import load_base
from workers.reward.run_dir import RunDir
from workers.reward.trainer import Stopped, Trainer


def train(run: RunDir, config: TrainConfig, groups: Groups, asked_to_stop: Callable[[], bool]) -> bool:
    """True when finished, False when stopped. Raises TrainingRefused."""
    check_devices(config)
    torch.set_num_threads(config.threads)
    keep_memory()
    accelerator = make_accelerator(config)
    made_from = fingerprint(run.config, run.groups)
    network = load_base(config)
    network.model.to(accelerator.device)
    network.choose_packing()
    if accelerator.is_main_process:
        run.report("prepare", packed=network.packed, not_packed_because=network.obstacle)
    trainer = Trainer(run, config, groups, network, accelerator, made_from, asked_to_stop)
    try:
        trainer.fit()
        gather(trainer)
        if accelerator.is_main_process:
            finish(trainer)
    except Stopped:
        trainer.report("stopped")
        return False
    accelerator.wait_for_everyone()
    return True


def check_devices(config: TrainConfig) -> None:
    """Raises TrainingRefused where there are fewer GPUs than processes: each would train alone, in the same folder."""
    found = torch.cuda.device_count()
    if config.processes > max(found, 1):
        raise TrainingRefused(
            "processes is %(wanted)d, one for each GPU, and this machine has %(found)d of them: set it to 1, or to "
            "their number.",
            wanted=config.processes,
            found=found,
        )


def make_accelerator(config: TrainConfig) -> Accelerator:
    cpu = config.device == "cpu"
    precision = config.mixed_precision
    if precision == "auto":
        precision = "bf16" if not cpu and torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "no"
    if config.sharding == "none":
        # A process that runs out of memory amid a pass must leave nobody waiting: buffers, which are constants, stay.
        kept = DistributedDataParallelKwargs(broadcast_buffers=False)
        return Accelerator(cpu=cpu, mixed_precision=precision, kwargs_handlers=[kept])
    chosen = sharding.plugin()
    accelerator = Accelerator(cpu=cpu, mixed_precision=precision, fsdp_plugin=chosen)
    sharding.switch_on(accelerator, chosen)
    return accelerator


def gather(trainer: Trainer) -> None:
    """Gives the first process a network in one piece, the base with the trained weights, to finish with."""
    if not trainer.sharded:
        return
    weights = trainable(trainer.network.model)
    trainer.sharded = False  # from here on the first is on its own
    if trainer.accelerator.is_main_process:
        network = load_base(trainer.config)
        put_back(network.model, weights)
        network.model.to(trainer.accelerator.device)
        network.choose_packing()
        trainer.network = network
