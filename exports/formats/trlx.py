"""trlX has no file format: its `train(samples=…, rewards=…)` takes these two columns as they are."""

from collections.abc import Iterator

from exports.formats.columns import NUMBER, TEXT, Columns
from exports.formats.conversation import transcript
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.record import WRITTEN, Record, shares


def rows(record: Record, options: Options) -> Iterator[Row]:
    """A row an answer: `[prompt, answer]` and its reward.

    The reward is the adopted reward model's score where the answer has one (`rewarded_by` says so), else people's:
    from -1, worse than all others that were ranked, to 1, better than all.
    """
    if record.kind == WRITTEN:
        return
    prompt = transcript(record.messages)
    for answer, (reward, by) in zip(record.responses, _rewards(record), strict=True):
        if reward is not None:
            yield {
                "samples": [prompt, f" {answer.text}"],
                "rewards": reward,
                "rewarded_by": by,
                "group_id": record.group_id,
            }


def _rewards(record: Record) -> list[tuple[float | None, str]]:
    if all(answer.score is not None for answer in record.responses):
        return [(answer.score, "reward model") for answer in record.responses]
    won = shares([v.ranks for v in record.verdicts], [v.weight for v in record.verdicts])
    return [(None if share is None else float(2 * share - 1), "people") for share in won]


def columns(options: Options) -> Columns:
    return {"samples": [TEXT], "rewards": NUMBER, "rewarded_by": TEXT, "group_id": TEXT}


FORMAT = Format(rows, columns, reads=Reads.ANSWERS, phase=Phase.RL)
