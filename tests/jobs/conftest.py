"""Tiny real models, borrowed from the rooms whose work the jobs do."""

from tests.generation.conftest import plain_model
from tests.reward.conftest import tiny_bert

__all__ = ["plain_model", "tiny_bert"]
