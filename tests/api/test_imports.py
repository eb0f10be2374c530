"""The web process serves pages; it never carries a model library's hundreds of megabytes."""

import subprocess
import sys

SERVE = """
import sys
from django.test import Client
from webapp.wsgi import application
from django.urls import get_resolver
get_resolver().url_patterns
assert Client(headers={"host": "localhost"}).get("/healthz").status_code == 200
loaded = {"torch", "transformers", "accelerate", "peft"} & set(sys.modules)
sys.exit(f"the web process loaded {loaded}" if loaded else 0)
"""


def test_the_web_process_loads_no_model_library() -> None:
    done = subprocess.run([sys.executable, "-c", SERVE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
