"""OpenRLHF's format for reward models and DPO: `--prompt_key prompt --chosen_key chosen --rejected_key rejected`.

Message lists go with its `--apply_chat_template`. The same columns as TRL's explicit format, and its own name since
either may change.
"""

from exports.formats import trl_preference
from exports.formats.format import Format

FORMAT = Format(trl_preference.rows, trl_preference.columns)
