"""Near-copies of a prompt are found, in any script; what only looks a little alike is not."""

import pytest

from annotation import nearness
from annotation.intake.taking import take_prompts
from annotation.models import Person, Project, Prompt


def says(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


TEXTS = [
    "Explain how a rainbow forms to a child of seven years.",
    "请用简单的话解释彩虹是怎么形成的。",
    "Write a short story about a lighthouse keeper who is afraid of the dark.",
    "Напиши письмо соседу, который шумит по ночам, вежливо и коротко.",
]


@pytest.fixture
def known(project: Project, owner: Person) -> Project:
    take_prompts(project=project, rows=[(n, {"prompt": text}) for n, text in enumerate(TEXTS, 1)], by=owner)
    return project


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("explain, how a RAINBOW forms to a child of seven", 0),
        ("Explain how a rainbow forms to a child of seven years. Keep it short, please.", 0),
        ("请用简单的话解释一下彩虹是怎么形成的", 1),
        ("Write a short story about a lighthouse keeper afraid of the dark", 2),
        ("Напиши письмо соседу, который шумит по ночам: вежливо, коротко", 3),
    ],
)
def test_near_copies_are_found(known: Project, text: str, of: int) -> None:
    found = nearness.near(project=known, messages=says(text))
    assert [each.prompt.last_turn for each in found] == [TEXTS[of]]
    assert 0.5 <= found[0].similarity <= 1


@pytest.mark.parametrize("text", ["", "Hi", "彩虹", "Explain how a volcano erupts.", "写一首关于海的诗", "🌈🌈🌈🌈🌈"])
def test_others_are_not(known: Project, text: str) -> None:
    assert nearness.near(project=known, messages=says(text)) == []


def test_another_projects_prompts_are_nobodys_business_here(known: Project, owner: Person) -> None:
    other = Project.objects.create(slug="other", name="Other", created_by=owner)
    assert nearness.near(project=other, messages=says(TEXTS[0])) == []


def test_a_rejected_prompt_and_oneself_are_no_near_copies(known: Project) -> None:
    own = Prompt.objects.get(messages=says(TEXTS[0]))
    assert nearness.near(project=known, messages=says(TEXTS[0]), without=[own.pk]) == []
    Prompt.objects.update(review_state=Prompt.Review.REJECTED)
    assert nearness.near(project=known, messages=says(TEXTS[0])) == []


def test_among_many_it_is_found(known: Project, owner: Person) -> None:
    rows = [(n, {"prompt": f"Number {n * 7919} of {n} odd questions, about {n**3}?"}) for n in range(300)]
    take_prompts(project=known, rows=rows, by=owner)
    assert [each.prompt.last_turn for each in nearness.near(project=known, messages=says(TEXTS[0]))] == TEXTS[:1]


def test_what_an_old_installation_has_gets_its_fingerprints(known: Project) -> None:
    from importlib import import_module

    from django.apps import apps

    Prompt.objects.update(fingerprint=None)
    import_module("annotation.migrations.0009_fingerprints").fill(apps, None)
    assert len(nearness.near(project=known, messages=says(TEXTS[1]))) == 1
