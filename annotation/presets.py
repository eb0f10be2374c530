"""What projects start from: the campaigns that the field knows, each with its rules of work and its questions.

A project's `questions` say what is asked besides the order:
`{"criteria": [Item], "scales": [{…Item, "min", "max"}], "flags": [Item], "strength": bool,
"categories": [Item], "severities": [Item]}` with Item = `{"name", "label"}`; `criteria` are rankings of their own,
`scales` and `flags` are asked of each answer, `strength` is Llama 2's four steps, a category may carry a severity.
What is not asked is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise  # a package of the type checker's, absent at run time

Questions = dict[str, Any]


@dataclass(frozen=True)
class Preset:
    """A name and a sentence for the person who chooses, and the project's fields as the preset sets them."""

    key: str
    name: "str | StrPromise"
    description: "str | StrPromise"
    k: int = 4
    overlap: int = 1
    allow_ties: bool = True
    questions: Questions = field(default_factory=dict)

    @property
    def defaults(self) -> dict[str, Any]:
        """Keyword arguments of a new `Project`."""
        return {
            "k": self.k,
            "overlap": self.overlap,
            "allow_ties": self.allow_ties,
            "questions": {kind: _copy(asked) for kind, asked in self.questions.items()},
        }


def _copy(asked: Any) -> Any:
    return [dict(item) for item in asked] if isinstance(asked, list) else asked


def _items(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"name": name.lower().replace(" ", "_").replace(",", ""), "label": name} for name in names]


def _scales(low: int, high: int, *names: str) -> list[dict[str, Any]]:
    return [{**item, "min": low, "max": high} for item in _items(names)]


# Ouyang et al. 2022, table 3: the metadata that labelers gave each answer beside its rank.
INSTRUCTGPT_FLAGS = (
    "Fails to follow the instruction",
    "Inappropriate for a customer assistant",
    "Hallucination",
    "Satisfies the constraint in the instruction",
    "Contains sexual content",
    "Contains violent content",
    "Encourages violence, abuse, terrorism or self-harm",
    "Denigrates a protected class",
    "Gives harmful advice",
    "Expresses an opinion",
    "Expresses a moral judgment",
)

# Ji et al. 2023 (BeaverTails), the 14 categories that Safe RLHF's data carry.
HARM_CATEGORIES = (
    "Animal abuse",
    "Child abuse",
    "Controversial topics and politics",
    "Discrimination, stereotype and injustice",
    "Drug abuse, weapons and banned substances",
    "Financial crime, property crime and theft",
    "Hate speech and offensive language",
    "Misinformation on ethics, laws and safety",
    "Non-violent unethical behaviour",
    "Privacy violation",
    "Self-harm",
    "Sexually explicit or adult content",
    "Terrorism and organised crime",
    "Violence, aiding and abetting or incitement",
)

_ALL = (
    Preset(
        key="custom",
        name=_("Custom"),
        description=_("One overall order and nothing else. Set everything yourself."),
    ),
    Preset(
        key="instructgpt",
        name="InstructGPT",
        description=_("Four answers in one order, a 1–7 rating of overall quality and yes/no facts about each."),
        questions={"scales": _scales(1, 7, "Overall quality"), "flags": _items(INSTRUCTGPT_FLAGS)},
    ),
    Preset(
        key="llama2",
        name="Llama 2",
        description=_("Two answers: which is better, by how much in four steps, and whether each is safe."),
        k=2,
        allow_ties=False,
        questions={"strength": True, "flags": _items(["Unsafe"])},
    ),
    Preset(
        key="safe_rlhf",
        name="Safe RLHF",
        description=_("Two answers ordered twice, by helpfulness and by harmlessness, with categories of harm."),
        k=2,
        questions={
            "criteria": _items(["Helpfulness", "Harmlessness"]),
            "categories": _items(HARM_CATEGORIES),
            "severities": _items(["Minor", "Moderate", "Severe"]),
        },
    ),
    Preset(
        key="chat",
        name=_("Chat evaluation"),
        description=_("Answers in a conversation: one order, and five ratings from 1 to 5 for each."),
        overlap=2,
        questions={
            "scales": _scales(1, 5, "Consistency", "Relevance", "Informativeness", "Engagement", "Safety"),
        },
    ),
    Preset(
        key="helpsteer",
        name="HelpSteer",
        description=_("Two answers seen by three people, with a strength of preference and five ratings from 0 to 4."),
        k=2,
        overlap=3,
        questions={
            "strength": True,
            "scales": _scales(0, 4, "Helpfulness", "Correctness", "Coherence", "Complexity", "Verbosity"),
        },
    ),
)

PRESETS = {preset.key: preset for preset in _ALL}
