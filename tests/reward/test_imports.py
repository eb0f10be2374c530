"""The web process and the workers' parents must not carry torch about."""

import subprocess
import sys

import pytest

from workers.reward.launch import ROOT

LIGHT = ["config", "data", "metrics", "run_dir", "guard", "launch", "train"]


@pytest.mark.parametrize("modules", [[""], [f".{name}" for name in LIGHT]])
def test_light_modules_load_no_torch(modules):
    imports = ", ".join(f"workers.reward{name}" for name in modules)
    heavy = "{'torch', 'transformers', 'accelerate'} & set(sys.modules)"
    code = f"import sys, {imports}; sys.exit(str({heavy}) if {heavy} else 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
