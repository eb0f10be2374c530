"""The answers to learn from, for supervised fine-tuning."""

from annotation.content import text_hash
from exports.formats.options import Options
from exports.record import WRITTEN, Record, Response


def good_answers(record: Record, options: Options) -> list[Response]:
    """What people wrote, all of it; else the one answer in the first place, as people corrected it, if they did.

    None where several share the first place, or most say that all answers are bad: then none is best.
    """
    if record.kind == WRITTEN:
        return record.responses
    best = record.best
    if len(best) != 1 or record.all_bad:
        return []
    return _corrected(record, best[0]) or best


def _corrected(record: Record, best: Response) -> list[Response]:
    place = record.responses.index(best)
    texts = [v.edited_text for v in record.verdicts if v.edited_text.strip() and v.ranks[place] == 0]
    return [Response(text_hash(text), text, "written", {}) for text in dict.fromkeys(texts) if text != best.text]
