"""How long somebody who chats waits: for the first visible text of a turn, and until all answers are there.

Run it beside a running demo (`make demo`, then `python -m tests.benchmarks.chat_turns`), on a machine that does nothing
else: two answers a turn of at most 160 tokens each from SmolLM2-135M in one batch. The first turn includes loading
the model, and in a new installation unpacking it.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = (
    "Hello! How does a kettle know when to stop?",
    "Why does that work?",
    "And before there was electricity?",
    "What would you cook with it?",
)
LOOK_EVERY = 0.1  # seconds; the page looks every 0.25


def main() -> None:
    chosen = _parser().parse_args()
    client = httpx.Client(base_url=f"{chosen.url}/api/v1/", timeout=30, trust_env=False)
    try:
        client.get("schema/").raise_for_status()
    except httpx.HTTPError:
        print(f"Not measured: no demo answers at {chosen.url}. Start `make demo` first.")
        return
    client.headers["Authorization"] = f"Token {_token(chosen.person)}"
    given = client.post("projects/small-talk/next/", json={"kind": "chat"})
    if given.status_code != 200:
        print(f"Not measured: {chosen.person} has no conversation left to have.")
        return
    for message in MESSAGES:
        first, ready, tokens = _turn(client, given.json()["assignment"], message)
        print(f"first text {first:6.2f} s   all answers {ready:6.2f} s   {tokens} characters")


def _turn(client: httpx.Client, assignment: str, message: str) -> tuple[float, float, list[int]]:
    """Send, look until ready, choose the first; seconds to the first text and to all, and the answers' lengths."""
    began, first = time.monotonic(), None
    sent = client.post(f"assignments/{assignment}/chat/turns/", json={"text": message})
    sent.raise_for_status()
    where = f"assignments/{assignment}/chat/turns/{sent.json()['number']}/"
    while True:
        turn: dict[str, Any] = client.get(where).json()
        if first is None and any(answer["text"].strip() for answer in turn["answers"]):
            first = time.monotonic() - began
        if turn["state"] not in ("waiting", "answering"):
            break
        time.sleep(LOOK_EVERY)
    ready = time.monotonic() - began
    ids = [answer["id"] for answer in turn["answers"]]
    client.put(f"{where}judgement/", json={"ranking": [[pk] for pk in ids]}).raise_for_status()
    return first or ready, ready, [len(answer["text"]) for answer in turn["answers"]]


def _token(person: str) -> str:
    command = [sys.executable, str(ROOT / "manage.py"), "create_token", person]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return said.stdout.strip().splitlines()[-1]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--person", default="alice")
    return parser


if __name__ == "__main__":
    main()
