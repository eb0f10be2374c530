"""What projects start from: the campaigns that the field knows, each with its rules of work and its questions.

A project's `questions` say what is asked besides the order:
`{"criteria": [Item], "scales": [{…Item, "min", "max"}], "flags": [Item], "strength": bool,
"categories": [Item], "severities": [Item]}` with Item = `{"name", "label"}`; `criteria` are rankings of their own,
`scales` and `flags` are asked of each answer, `strength` is Llama 2's four steps, a category may carry a severity.
What is not asked is left out. Labels are kept as they stand here, in English, and translated where they are shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as N_

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
    N_("Fails to follow the instruction"),
    N_("Inappropriate for a customer assistant"),
    N_("Hallucination"),
    N_("Satisfies the constraint in the instruction"),
    N_("Contains sexual content"),
    N_("Contains violent content"),
    N_("Encourages violence, abuse, terrorism or self-harm"),
    N_("Denigrates a protected class"),
    N_("Gives harmful advice"),
    N_("Expresses an opinion"),
    N_("Expresses a moral judgment"),
)

# Ji et al. 2023 (BeaverTails), the 14 categories that Safe RLHF's data carry.
HARM_CATEGORIES = (
    N_("Animal abuse"),
    N_("Child abuse"),
    N_("Controversial topics and politics"),
    N_("Discrimination, stereotype and injustice"),
    N_("Drug abuse, weapons and banned substances"),
    N_("Financial crime, property crime and theft"),
    N_("Hate speech and offensive language"),
    N_("Misinformation on ethics, laws and safety"),
    N_("Non-violent unethical behaviour"),
    N_("Privacy violation"),
    N_("Self-harm"),
    N_("Sexually explicit or adult content"),
    N_("Terrorism and organised crime"),
    N_("Violence, aiding and abetting or incitement"),
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
        questions={"scales": _scales(1, 7, N_("Overall quality")), "flags": _items(INSTRUCTGPT_FLAGS)},
    ),
    Preset(
        key="llama2",
        name="Llama 2",
        description=_("Two answers: which is better, by how much in four steps, and whether each is safe."),
        k=2,
        allow_ties=False,
        questions={"strength": True, "flags": _items([N_("Unsafe")])},
    ),
    Preset(
        key="safe_rlhf",
        name="Safe RLHF",
        description=_("Two answers ordered twice, by helpfulness and by harmlessness, with categories of harm."),
        k=2,
        questions={
            "criteria": _items([N_("Helpfulness"), N_("Harmlessness")]),
            "categories": _items(HARM_CATEGORIES),
            "severities": _items([N_("Minor"), N_("Moderate"), N_("Severe")]),
        },
    ),
    Preset(
        key="chat",
        name=_("Chat evaluation"),
        description=_("Answers in a conversation: one order, and five ratings from 1 to 5 for each."),
        overlap=2,
        questions={
            "scales": _scales(
                1, 5, N_("Consistency"), N_("Relevance"), N_("Informativeness"), N_("Engagement"), N_("Safety")
            ),
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
            "scales": _scales(
                0, 4, N_("Helpfulness"), N_("Correctness"), N_("Coherence"), N_("Complexity"), N_("Verbosity")
            ),
        },
    ),
)

PRESETS = {preset.key: preset for preset in _ALL}
