"""ColossalChat's preference format: `context`, `chosen` and `rejected`, messages with `from` instead of `role`."""

from collections.abc import Iterator

from exports.formats import pairs
from exports.formats.colossalchat_sft import FROM_MESSAGES
from exports.formats.columns import Columns
from exports.formats.conversation import from_messages, said
from exports.formats.format import Format
from exports.formats.options import Options, Row
from exports.record import Record, Response


def rows(record: Record, options: Options) -> Iterator[Row]:
    def side(answer: Response) -> object:
        return options.piece(answer.pieces, "from", lambda: from_messages([said(answer)]))

    context = options.piece(record.pieces, "from", lambda: from_messages(record.messages))
    for chosen, rejected, _extra in pairs.pairs(record, options):
        yield {"context": context, "chosen": side(chosen), "rejected": side(rejected)}


def columns(options: Options) -> Columns:
    return {"context": FROM_MESSAGES, "chosen": FROM_MESSAGES, "rejected": FROM_MESSAGES}


FORMAT = Format(rows, columns)
