import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.embedded import running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with a cluster in it, whose servers do not run; made once, since making one takes seconds."""
    data_dir = tmp_path_factory.mktemp("data")
    with running(data_dir, unsafe=True):
        pass
    yield data_dir
    shutil.rmtree(data_dir, ignore_errors=True)
