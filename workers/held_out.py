"""Which prompt families a reward model trains on, stops by, and is measured on."""

from annotation.splitting import split_of

FRACTIONS = (0.8, 0.1, 0.1)  # more held out than a snapshot's default: a figure needs prompts to stand on
SEED = 0  # the same for every version, whatever its own seed: versions are compared on the same families


def split(family: str, seed: int = SEED) -> str:
    return split_of(family, seed, FRACTIONS)
