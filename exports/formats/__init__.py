"""The formats: a name, and a function from a record to its rows. One file a format, with a golden example each.

Names are a contract (URLs, queries). A name that is not here is not built: the caller answers 404.
"""

from exports.formats import (
    alpaca,
    colossalchat_preference,
    colossalchat_sft,
    deepspeed_chat,
    hh_rlhf,
    kto,
    kwise,
    oasst,
    openai_chat,
    openai_preference,
    openrlhf,
    prompts,
    prompts_csv,
    ptx,
    raw,
    rm_static,
    safe_rlhf,
    sft,
    sft_messages,
    stepwise,
    trl_preference,
    trl_preference_implicit,
    trlx,
)
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row

FORMATS: dict[str, Format] = {
    "kwise": kwise.FORMAT,
    "raw": raw.FORMAT,
    "sft": sft.FORMAT,
    "sft-messages": sft_messages.FORMAT,
    "alpaca": alpaca.FORMAT,
    "colossalchat-sft": colossalchat_sft.FORMAT,
    "openai-chat": openai_chat.FORMAT,
    "trl-preference": trl_preference.FORMAT,
    "trl-preference-implicit": trl_preference_implicit.FORMAT,
    "openrlhf": openrlhf.FORMAT,
    "colossalchat-preference": colossalchat_preference.FORMAT,
    "deepspeed-chat": deepspeed_chat.FORMAT,
    "hh-rlhf": hh_rlhf.FORMAT,
    "rm-static": rm_static.FORMAT,
    "openai-preference": openai_preference.FORMAT,
    "kto": kto.FORMAT,
    "prompts": prompts.FORMAT,
    "prompts-csv": prompts_csv.FORMAT,
    "ptx": ptx.FORMAT,
    "trlx": trlx.FORMAT,
    "safe-rlhf": safe_rlhf.FORMAT,
    "oasst": oasst.FORMAT,
    "stepwise": stepwise.FORMAT,
}
DEFAULT_FORMATS = ("kwise", "trl-preference")

__all__ = ["DEFAULT_FORMATS", "FORMATS", "Format", "Options", "Phase", "Reads", "Row"]
