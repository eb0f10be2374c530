"""docker-compose.yml as Python, for tests: its services, their commands and their environment."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
