"""Who leads the table is who people preferred: by hand, with ties, with length held equal, never beyond the data."""

from collections.abc import Callable
from math import log

import numpy as np
import pytest

from annotation import assignment as leases
from annotation import judging
from annotation.intake.taking import take_samples
from annotation.models import Generator, Person, Project, Sample
from annotation.quality.bradley_terry import components, meetings, strengths
from annotation.quality.standings import table


def met(*rows: tuple[int, int, float], families: int = 1):
    """(a, b, outcome), each in every family."""
    return meetings(
        1 + max(max(a, b) for a, b, _ in rows),
        [(f, a, b, 0.0, outcome) for f in range(families) for a, b, outcome in rows],
    )


def test_three_wins_of_four_are_odds_of_three() -> None:
    found = strengths(met((0, 1, 1.0), (0, 1, 1.0), (0, 1, 1.0), (0, 1, 0.0), families=50), controlled=False)
    assert found.value[0] - found.value[1] == pytest.approx(log(3), abs=1e-3)
    assert found.value.sum() == pytest.approx(0, abs=1e-6)
    assert found.low is not None
    assert found.low[0] == pytest.approx(found.high[0], abs=1e-6)  # every family says the same


def test_a_tie_is_half_a_win_for_each() -> None:
    ties = strengths(met((0, 1, 0.5), families=10), controlled=False)
    assert ties.value.tolist() == pytest.approx([0, 0], abs=1e-9)
    mixed = strengths(met((0, 1, 1.0), (0, 1, 0.5), families=100), controlled=False)
    assert mixed.value[0] - mixed.value[1] == pytest.approx(log(3), abs=1e-3)  # 1½ of 2


def test_strengths_come_through_others() -> None:
    """0 beats 1 at 2:1, 1 beats 2 at 2:1; 0 and 2 never met: 4:1."""
    found = strengths(
        met((0, 1, 1.0), (0, 1, 1.0), (0, 1, 0.0), (1, 2, 1.0), (1, 2, 1.0), (1, 2, 0.0), families=100),
        controlled=False,
    )
    assert found.value[0] - found.value[2] == pytest.approx(log(4), abs=2e-3)


def test_one_that_never_lost_stays_finite() -> None:
    found = strengths(met((0, 1, 1.0), families=5), controlled=False)
    assert 0 < found.value[0] < 20


def test_with_length_held_equal() -> None:
    """Both are equally good, but 0 is mostly the longer one, and the longer one wins three times of four."""
    random = np.random.default_rng(0)
    rows = []
    for family in range(400):
        x = 1.0 if random.random() < 0.8 else -1.0
        rows.append((family, 0, 1, x, float(random.random() < (0.75 if x > 0 else 0.25))))
    found = meetings(2, rows)
    plain, controlled = (strengths(found, controlled=on, resamples=100) for on in (False, True))
    assert plain.value[0] - plain.value[1] > 0.4
    assert abs(controlled.value[0] - controlled.value[1]) < 0.35
    assert controlled.effect == pytest.approx(log(3), abs=0.3)
    low, high = controlled.effect_interval
    assert low < log(3) < high


def test_models_that_never_met_are_told_apart() -> None:
    assert components(5, met((0, 1, 1.0), (2, 3, 1.0), (4, 3, 1.0))) == [0, 0, 1, 1, 1]


@pytest.fixture
def judged(project: Project, owner: Person, annotator: Person) -> Project:
    """Two models on eight prompts: "good" is preferred six times, "bad" once, and one is a tie."""
    rows = [
        (2 * n + m + 1, {"prompt": f"Question {n}?", "text": f"{name} {n}" * (1 + m), "generator": name})
        for n in range(8)
        for m, name in enumerate(("good", "bad"))
    ]
    Project.objects.update(k=2)
    project.refresh_from_db()
    assert not take_samples(project=project, rows=rows, by=owner).errors
    for n in range(8):
        leased = leases.lease_next(person=annotator, project=project)
        names = dict(Sample.objects.filter(pk__in=leased.shown).values_list("generator__name", "pk"))
        good, bad = names["good"], names["bad"]
        order = [[good, bad]] if n == 0 else [[bad], [good]] if n == 1 else [[good], [bad]]
        judging.submit(assignment=leased, verdict=judging.Verdict(judging.overall(order), seconds=5))
    return project


def test_from_the_database(judged: Project) -> None:
    found = table(judged)
    first, second = found.rows
    assert (first.generator.name, first.wins, first.ties, first.losses) == ("good", 6, 1, 1)
    assert (second.generator.name, second.wins, second.ties, second.losses) == ("bad", 1, 1, 6)
    assert (found.judgements, found.comparisons, found.components) == (8, 8, 1)
    assert first.strength - second.strength == pytest.approx(log(6.5 / 1.5), abs=0.05)
    assert first.share == pytest.approx(6.5 / 8, abs=0.01)
    assert first.rating + second.rating == 2000
    assert first.interval
    assert first.interval[0] < first.rating < first.interval[1]


def test_with_length_control_it_says_what_length_does(judged: Project) -> None:
    found = table(judged, controlled=True)
    assert found.controlled
    assert found.effect_interval is not None


def test_nothing_ranked_is_an_empty_table(project: Project, fill: Callable[[int], None]) -> None:
    fill(1)
    assert table(project).rows == []


def test_one_model_alone_is_compared_with_nobody(
    project: Project, fill: Callable[[int], None], annotator: Person
) -> None:
    fill(1)
    leased = leases.lease_next(person=annotator, project=project)
    verdict = judging.Verdict(judging.overall([[s] for s in leased.shown]), seconds=5)
    judging.submit(assignment=leased, verdict=verdict)
    assert Generator.objects.count() == 1
    assert table(project).rows == []
