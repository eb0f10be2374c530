import os
import secrets
from pathlib import Path


def ensure_secret(data_dir: Path) -> Path:
    """The file of this installation's secret key, made once and readable by its owner alone."""
    path = data_dir / "secret_key"
    if not path.exists():
        part = path.with_name(f"secret_key.{os.getpid()}")
        part.touch(mode=0o600)
        part.write_text(secrets.token_urlsafe(50))
        part.rename(path)
    return path
