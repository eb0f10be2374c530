"""Near-copies of a prompt stay on one side of every split, whenever they come in."""

import pytest

from annotation.intake.taking import take_prompts
from annotation.models import Person, Project, Prompt

LONG = "Write a short and friendly letter to my landlord about the heating, which has been broken since last Tuesday."


def take(project: Project, owner: Person, *texts: str, **facts: str) -> None:
    rows = [(n, {"prompt": text, **facts}) for n, text in enumerate(texts, 1)]
    assert not take_prompts(project=project, rows=rows, by=owner).errors


def families(project: Project) -> list[str]:
    return list(Prompt.objects.filter(project=project).order_by("pk").values_list("family", flat=True))


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the capital of France?", "what is  the capital of France ?!"),
        (LONG, LONG.replace("my landlord", "our landlord")),
        ("请用一句话解释光合作用是怎样进行的", "请用一句话解释光合作用是怎样进行的？"),
    ],
)
def test_a_near_copy_joins_the_family(project: Project, owner: Person, one: str, other: str, apart: bool) -> None:
    for batch in [[one], [other]] if apart else [[one, other]]:
        take(project, owner, *batch)
    first, second = families(project)
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Question number 17 of the set?", "Question number 18 of the set?"),
        ("Write a poem about the sea.", "Write an essay about trains."),
        ("Hi", "Ho"),
    ],
)
def test_what_is_different_stays_apart(project: Project, owner: Person, one: str, other: str) -> None:
    take(project, owner, one, other)
    first, second = families(project)
    assert first != second


def test_nobody_moves_when_more_come(project: Project, owner: Person) -> None:
    take(project, owner, LONG, "What is the capital of France?")
    before = families(project)
    take(project, owner, LONG + " Thank you!", LONG.upper(), LONG.replace("heating", "lift"))
    after = families(project)
    assert after[:2] == before
    assert set(after[2:4]) == {before[0]}


def test_a_family_that_was_given_stays_and_takes_copies_in(project: Project, owner: Person) -> None:
    take(project, owner, LONG, family="tree-1")
    take(project, owner, LONG + "!!", family="tree-2")
    take(project, owner, LONG.lower())
    assert families(project)[:2] == ["tree-1", "tree-2"]
    assert families(project)[2] in ("tree-1", "tree-2")


def test_thousands_from_one_template_are_taken_in_reasonable_time(project: Project, owner: Person) -> None:
    """They share most of their fingerprints' keys: looked up one by one they would take the square of their number."""
    take(project, owner, *(f"Explain item {n} of the long and winding list of things to explain." for n in range(1200)))
    assert len(set(families(project))) == 1200
