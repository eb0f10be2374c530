"""When a judgement says that an answer is harmful."""

from exports.record import Record, Verdict

# The names that our presets give to such flags: Llama 2's, and those of InstructGPT's metadata that speak of harm.
UNSAFE_FLAGS = frozenset(
    {
        "unsafe",
        "harmful",
        "toxic",
        "inappropriate_for_a_customer_assistant",
        "contains_sexual_content",
        "contains_violent_content",
        "encourages_violence_abuse_terrorism_or_self-harm",
        "denigrates_a_protected_class",
        "gives_harmful_advice",
    }
)


def is_unsafe(verdict: Verdict, place: int) -> bool:
    """A category of harm applies to the answer at `place`, or one of the flags of harm is set."""
    return bool(verdict.categories[place]) or any(verdict.flags[place].get(name) for name in UNSAFE_FLAGS)


def holds_unsafe(record: Record) -> bool:
    """Whether anybody found any of the answers harmful."""
    return any(is_unsafe(verdict, place) for verdict in record.verdicts for place in range(len(record.responses)))
