"""A stand-in of the server, with every export on it, and faults to plant in its answers."""

import pathlib
import socket
import sys
import threading

import pytest

# Test modules take helpers from beside them.
sys.path.append(str(pathlib.Path(__file__).parent))

from live_cases import export_photos
from marks import needs
from rest_server import RestServer
from serving_cases import once

from kerakit.serving.verifying.live import check
from kerakit.serving.verifying.live.check import check_live


@pytest.fixture(autouse=True)
def few_requests(monkeypatch):
    """Latency is measured with a tenth of the requests."""
    monkeypatch.setattr(check, "_SERIES", ((1, 20), (32, 10)))
    monkeypatch.setattr(check, "_WARM_UP", 2)


@pytest.fixture(scope="session")
@needs("export")
def paths(exports, shared):
    """Every export by the name of its case, images too."""
    return {**exports, "photos": once(shared / "photos", export_photos) / "1"}


@pytest.fixture(scope="session")
def running(paths):
    with RestServer({name: path.parent for name, path in paths.items()}) as server:
        server.paths = paths
        yield server


@pytest.fixture
def server(running):
    """A stand-in that serves every export, for faults to be planted in."""
    yield running
    running.states, running.spoil, running.intercept = {}, None, None


@pytest.fixture
def ask(server):
    """Ask for the export of a case under its own name."""
    return lambda case, **options: check_live(server.paths[case], server.url(case), **options)


@pytest.fixture
def raw():
    """A server that sends given bytes, whatever it is asked; `raw(bytes)` returns its URL.

    Args of `raw`: content: bytes, or an iterable of them, one every 50 ms; `None` to stay
    silent. As many connections as come, one answer each.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def talk(client, content):
        with client:
            client.recv(65536)
            for part in [content] if isinstance(content, bytes) else content or ():
                try:
                    client.sendall(part)
                except OSError:
                    return
                if over.wait(0 if isinstance(content, bytes) else 0.05):
                    return
            if content is None:
                over.wait()

    def serve(content):
        while not over.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(client, content), daemon=True).start()

    def start(content):
        threading.Thread(target=serve, args=(content,), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1/models/binary"

    yield start
    over.set()
    listener.close()
