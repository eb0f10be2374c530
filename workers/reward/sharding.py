"""Weights, gradients and optimiser shared out over the processes: FSDP2, by accelerate's plugin.

Processes meet in every pass, forward and backward, so all of them take as many passes and stop at the same look.
Weights enter and leave whole: a checkpoint and a finished model know nothing of how many processes there were.
"""

from typing import Any

import torch
import torch.distributed as dist
from accelerate import Accelerator, FullyShardedDataParallelPlugin, PartialState
from accelerate.utils import DistributedType
from torch import Tensor
from torch.distributed.fsdp import MixedPrecisionPolicy, register_fsdp_forward_method
from torch.distributed.tensor import DTensor, distribute_tensor

from workers.reward.config import TrainingRefused
from workers.reward.network import RewardNetwork, transformer_layers


def plugin() -> FullyShardedDataParallelPlugin:
    """Gathers in float32: precision is autocast's matter, as without sharding, so that the numbers are the same."""
    return FullyShardedDataParallelPlugin(
        fsdp_version=2,
        auto_wrap_policy="transformer_based_wrap",
        mixed_precision_policy=MixedPrecisionPolicy(),
        cpu_ram_efficient_loading=False,
    )


def switch_on(accelerator: Accelerator, chosen: FullyShardedDataParallelPlugin) -> None:
    """Makes accelerate take the plugin on the CPU too, where it leaves it out without a word.

    Raises TrainingRefused where there is one process only.
    """
    if accelerator.num_processes == 1:
        raise TrainingRefused(
            "sharding shares a model out over several processes, and there is one: set processes to the number of "
            "GPUs, or sharding to none."
        )
    if accelerator.distributed_type == DistributedType.MULTI_CPU:
        # Both: accelerate copies the second over the first whenever it looks its state up.
        accelerator.state.distributed_type = PartialState().distributed_type = DistributedType.FSDP
        accelerator.state.fsdp_plugin = chosen


def prepare(accelerator: Accelerator, network: RewardNetwork, optimizer: torch.optim.Optimizer) -> tuple[Any, Any]:
    """The network's scorer and `optimizer` as accelerate wraps them; sharded by transformer layer, in place."""
    if accelerator.is_fsdp2:
        layer = type(transformer_layers(network.model)[0]).__name__
        accelerator.state.fsdp_plugin.transformer_cls_names_to_wrap = [layer]
    model, wrapped = accelerator.prepare(network.scorer, optimizer)
    if accelerator.is_fsdp2:
        # By default the outermost weights, the head's too, stay whole after a pass: what is written to them is lost.
        model.set_reshard_after_forward(True)
    register_fsdp_forward_method(model, "features")  # else it would find weights in pieces; nothing where unsharded
    return model, wrapped


def whole(value: Any) -> Any:
    """A tensor in one piece on the CPU, apart from the given one; dictionaries and lists of them too.

    All processes have to ask for the same at the same time.
    """
    if isinstance(value, dict):
        return {key: whole(part) for key, part in value.items()}
    if isinstance(value, list):
        return [whole(part) for part in value]
    if not isinstance(value, Tensor):
        return value
    value = value.detach()
    return (value.full_tensor() if isinstance(value, DTensor) else value).to("cpu", copy=True)


def as_kept(value: Tensor, target: Tensor) -> Tensor:
    """The whole `value` in the pieces in which `target` is kept; itself where that is whole."""
    if not isinstance(target, DTensor):
        return value
    return distribute_tensor(value.to(target.device), target.device_mesh, target.placements)


def optimizer_state(state: dict[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """What `optimizer.state_dict()` was, made whole, as `optimizer` can load it: moments in its weights' pieces."""
    weights = [weight for settings in optimizer.param_groups for weight in settings["params"]]
    kept = {
        number: {
            name: as_kept(value, weights[number]) if value.shape == weights[number].shape else value
            for name, value in moments.items()
        }
        for number, moments in state["state"].items()
    }
    return {**state, "state": kept}


def most(accelerator: Accelerator, number: int) -> int:
    """The largest of the processes' numbers."""
    return int(accelerator.gather(torch.tensor([number], device=accelerator.device)).max())


def average(accelerator: Accelerator, model: torch.nn.Module) -> None:
    """Makes every process's gradients the mean of all processes'; nothing where there is one."""
    if accelerator.num_processes == 1:
        return
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    for under_way in [dist.all_reduce(gradient, async_op=True) for gradient in gradients]:
        under_way.wait()
    torch._foreach_div_(gradients, accelerator.num_processes)
