from pathlib import Path
from typing import Any

import pytest

OASST = Path(__file__).parents[2].parent / "shared" / "data" / "oasst_en_100_tree.jsonl"


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Path) -> Path:
    """Snapshots of a test lie in a folder of its own."""
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def oasst_file() -> Path:
    if not OASST.exists():
        pytest.skip("the real data are not beside this checkout: ../shared/data/oasst_en_100_tree.jsonl")
    return OASST
