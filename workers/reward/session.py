"""One training from its folder to its metrics, with torch and accelerate set up."""

from collections.abc import Callable

import torch
from accelerate import Accelerator

from workers.reward.checkpoint import fingerprint
from workers.reward.config import TrainConfig
from workers.reward.data import Groups
from workers.reward.finish import finish
from workers.reward.model import load_base
from workers.reward.run_dir import RunDir
from workers.reward.trainer import Stopped, Trainer


def train(run: RunDir, config: TrainConfig, groups: Groups, asked_to_stop: Callable[[], bool]) -> bool:
    """True when finished, False when stopped. Raises TrainingRefused."""
    torch.set_num_threads(config.threads)
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
        if accelerator.is_main_process:
            finish(trainer)
    except Stopped:
        trainer.report("stopped")
        return False
    accelerator.wait_for_everyone()
    return True


def make_accelerator(config: TrainConfig) -> Accelerator:
    cpu = config.device == "cpu"
    precision = config.mixed_precision
    if precision == "auto":
        precision = "bf16" if not cpu and torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "no"
    return Accelerator(cpu=cpu, mixed_precision=precision)
