"""`import_data`: the shell's way in. What would break is a script that does not notice that nothing was taken."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Judgement, Person, Project, Prompt, Task

pytestmark = pytest.mark.django_db

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")


@pytest.fixture(autouse=True)
def project() -> Project:
    owner = Person.objects.create(username="owner")
    return Project.objects.create(slug="shell", name="Shell", created_by=owner)


def run(file: Path, *options: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_data", "shell", str(file), *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@needs_data
def test_open_assistant_comes_in_and_again_changes_nothing() -> None:
    assert "212 created, 0 known already, 0 bad rows" in run(DATA / "oasst_en_100_tree.jsonl")[0]
    assert (Task.objects.count(), Judgement.objects.count()) == (212, 212)
    assert "0 created, 212 known already" in run(DATA / "oasst_en_100_tree.jsonl")[0]


@needs_data
def test_pandalm_keeps_its_people_apart_and_names_the_row_where_two_contradict_themselves() -> None:
    out, err = run(DATA / "pandalm_testset_even.json", "--good-rows")
    assert "1,386 created, 112 known already, 2 bad rows" in out  # some models gave the same answers
    assert err.count("has already judged these answers differently") == 2
    names = set(Judgement.objects.values_list("person__username", flat=True))
    assert names == {"shell:annotator1", "shell:annotator2", "shell:annotator3"}


@needs_data
def test_prompts_of_a_table_report_their_duplicates() -> None:
    assert "1,106 created, 13 known already" in run(DATA / "awesome_prompts.csv", "--language", "en")[0]
    assert set(Prompt.objects.values_list("language", flat=True)) == {"en"}


def test_a_bad_row_stops_all_and_is_kept_in_the_errors_file(tmp_path: Path) -> None:
    file, errors = tmp_path / "p.jsonl", tmp_path / "errors.txt"
    file.write_text('{"prompt": "a"}\n' + "{}\n" * 30)
    with pytest.raises(CommandError, match="Nothing was taken"):
        run(file, "--errors", str(errors))
    assert not Prompt.objects.exists()
    assert len(errors.read_text().splitlines()) == 30


def test_good_rows_are_taken_when_asked(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"prompt": "a"}\n' + "{}\n" * 30)
    out, err = run(file, "--good-rows")
    assert "1 created, 0 known already, 30 bad rows" in out
    assert "line 2:" in err
    assert "and 10 more" in err


def test_who_judged_can_be_said(tmp_path: Path) -> None:
    file = tmp_path / "k.jsonl"
    file.write_text('{"prompt": "a", "responses": ["x", "y"], "ranks": [0, 1]}\n')
    run(file, "--annotator", "Ann")
    assert Judgement.objects.get().person.username == "shell:Ann"


def test_what_is_missing_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run(tmp_path / "none.jsonl")
    with pytest.raises(CommandError, match=r"no project 'nobody'\. Projects: shell"):
        call_command("import_data", "nobody", "x")
    odd = tmp_path / "odd.txt"
    odd.write_text("words\nwords\n")
    with pytest.raises(CommandError, match="give --format, one of oasst, hh-rlhf"):
        run(odd)
