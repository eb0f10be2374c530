"""workers.reward.train where one process's memory, the second's, holds passes of at most 100 tokens: test_sharding.

A real hook in the model raises what torch raises on CUDA; the trainer is as it is.
"""

import os
import sys

import torch
from torch import nn

from workers.reward import train

MOST = 100


def refuse(module, arguments):
    if isinstance(module, nn.Embedding) and arguments[0].dtype == torch.long and arguments[0].numel() > MOST:
        raise torch.OutOfMemoryError("CUDA out of memory.")


if __name__ == "__main__":
    if os.environ["RANK"] == "1":
        nn.modules.module.register_module_forward_pre_hook(refuse)
    sys.exit(train.main())
