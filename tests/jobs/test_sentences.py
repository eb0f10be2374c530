"""A sentence of a worker's: kept as JSON beside its English, and said again in any language."""

import json

import pytest
from django.utils import translation

from exports.manifest import NOTES
from tests.translated import compile_once
from workers import jobs, training
from workers.generation import BackendRefused, BackendUnavailable
from workers.models import Job
from workers.sentences import Sentence, recognised, said, stored

NOTHING = "There is nothing to generate: every prompt has its answers already."


@pytest.fixture(autouse=True)
def compiled() -> None:
    compile_once()


def test_what_somebody_else_said_is_not_translated_and_breaks_nothing() -> None:
    with translation.override("zh-hans"):
        assert str(Sentence("100% %(broken)d %")) == "100% %(broken)d %"
        assert str(Sentence("")) == ""  # gettext answers the catalogue's head for no words
        assert str(jobs.Refused(ValueError("It %s."))) == "It %s."


def test_sentences_within_sentences_survive_the_database() -> None:
    away = BackendUnavailable("%(host)s did not answer: %(why)s.", host="h\0\ud800", why="timeout")
    tried = BackendUnavailable("%(why)s Attempts made: %(n)d.", why=away, n=3)
    refused = jobs.Refused("%(why)s What was answered is kept: ask again for the rest.", why=tried)
    row = json.loads(json.dumps(stored(refused)))
    assert row["error"].startswith("h\ufffd did not answer: timeout. Attempts made: 3. What was answered")
    assert said(row["error"], row["error_words"]) == row["error"]
    with translation.override("zh-hans"):
        assert said(row["error"], row["error_words"]) == (
            "h\ufffd 没有应答：timeout。 已尝试 3 次。 已有的回答会保留：其余的请再次生成。"
        )
        assert stored(refused) == row  # the row's text is English, whoever's language it is just now
        assert str(jobs.Refused(BackendRefused(NOTHING))) == "没有需要生成的：每个提示都已有回答。"


@pytest.mark.parametrize("phase", ["train", "loading the model", "writing"])
def test_what_a_job_is_at(phase: str) -> None:
    with translation.override("zh-hans"):
        assert Job(phase=phase).phase_said.startswith("正在")


def test_what_the_trainer_says() -> None:
    """It has no Django: its sentences come as JSON."""
    sentence = Sentence("The encoder %(base)s has no padding token.", base="x")
    event = json.loads(json.dumps({"phase": "refused", "reason": sentence.english, "sentence": sentence.as_json()}))
    with pytest.raises(jobs.Refused) as refused, translation.override("zh-hans"):
        training._report(Watched(), event)  # type: ignore[arg-type]
    with translation.override("zh-hans"):
        assert str(refused.value) == "编码器 x 没有填充标记。"
    with pytest.raises(jobs.Refused, match="Too little"):
        training._report(Watched(), {"phase": "refused", "reason": "Too little."})  # type: ignore[arg-type]


class Watched:
    """As much of a running job as the trainer's events need."""

    def check(self) -> None:
        """Nobody stops it."""


def test_a_text_is_recognised_as_the_sentence_that_it_is() -> None:
    """A manifest's notes are English for ever; its page is not."""
    words = "Left out by the query's rule for unsafe answers: %(n)d groups."
    found = recognised(words % {"n": 7}, NOTES)
    assert (found.words, found.facts) == (words, {"n": 7})
    assert recognised("kto has no rows.", NOTES).facts == {"name": "kto"}
    assert recognised("Anything (else) %s.", NOTES).english == "Anything (else) %s."


def test_smaller_passes_are_said() -> None:
    line = training._line({"phase": "halved", "step": 3, "total_steps": 9, "tokens_per_pass": 1024})
    assert line is not None
    assert "going on with 1024 tokens at most" in line.english
