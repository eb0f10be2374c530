"""Answers' vectors, made once and kept: what the probe, the ensemble and diversity look at."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotation.models import Sample
from workers.models import Embedding

if TYPE_CHECKING:
    from workers.reward.features import Encoder

CHUNK = 256  # answers
MOST_NEW = 12_000  # answers that one job embeds: some minutes on two cores

Vectors = dict[int, NDArray[np.float64]]


@lru_cache(maxsize=1)
def _encoder(base: str) -> "Encoder":
    from workers.reward.features import Encoder  # loads torch

    return Encoder(base)


def vectors(sample_ids: Sequence[int], check: Callable[[], None], most: int = MOST_NEW) -> Vectors:
    """A vector (H,) for each sample: those that are kept, and at most `most` new ones, the first of `sample_ids`.

    Raises `workers.reward.config.TrainingRefused` where the encoder cannot be loaded. `check` is called again and
    again, and may raise to stop; what was made until then is kept.
    """
    base = settings.DEFAULT_REWARD_BASE
    found = _kept(sample_ids, base)
    missing = [pk for pk in sample_ids if pk not in found][:most]
    for start in range(0, len(missing), CHUNK):
        found |= _made(missing[start : start + CHUNK], base, check)
    return found


def _kept(sample_ids: Sequence[int], base: str) -> Vectors:
    kept = Embedding.objects.filter(sample_id__in=list(sample_ids), encoder=base)
    return {pk: _read(bytes(vector)) for pk, vector in kept.values_list("sample_id", "vector").iterator()}


def _made(sample_ids: list[int], base: str, check: Callable[[], None]) -> Vectors:
    samples = list(Sample.objects.filter(pk__in=sample_ids).select_related("prompt"))
    found = _encoder(base).vectors([(sample.prompt.messages, sample.text) for sample in samples], check)
    half = found.astype("<f2")
    Embedding.objects.bulk_create(
        [Embedding(sample=s, encoder=base, vector=row.tobytes()) for s, row in zip(samples, half, strict=True)],
        update_conflicts=True,
        unique_fields=["sample"],
        update_fields=["encoder", "vector"],
    )
    return {sample.pk: _read(row.tobytes()) for sample, row in zip(samples, half, strict=True)}


def _read(vector: bytes) -> NDArray[np.float64]:
    return np.frombuffer(vector, dtype="<f2").astype(np.float64)
