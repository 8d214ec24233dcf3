"""A stand-in for TensorFlow Serving's REST API, where no real server is to be had.

It loads real SavedModels, keeps the real server's rules on what may be sent and how it
answers, and swaps versions as the real one does: the folder is looked at with every
request, the new version is loaded first, and the old one serves until then. It has no
gRPC, no batching and no retries of a failed load (as with `--max_num_load_retries=0`).
What the tests know of the real server is in `test_model_server.py`, which asks both.
"""

import gzip
import http.server
import json
import re
import sys
import threading
import urllib.parse

from rest_models import ServedModel, ask, metadata
from rest_values import RestError, parse

__all__ = ["RestServer"]

_PATH = re.compile(
    r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
    r"(?:/(?P<metadata>metadata)|:(?P<verb>classify|regress|predict))?"
)


class RestServer:
    """Serves models on a free port of the loopback interface. Use it in a `with` block.

    Args:
        models: dict from name to the folder that holds its versions.
        keep_all: bool. Whether every version is served, and not only the highest.
        labels: dict from label to version, or `None`.

    Attributes:
        states: dict from model name to a list of `model_version_status`, to be told in
            place of the truth.
        spoil: function of `(path, value)`, or `None`: changes the JSON of a good answer.
        intercept: function of the request's handler, or `None`. Where it returns `True`, it
            has answered itself, or has not.
        connections: int. How many connections were made.
    """

    def __init__(self, models, keep_all=False, labels=None):
        self.models = {
            name: ServedModel(base, keep_all, labels or {}) for name, base in models.items()
        }
        self.states = {}
        self.spoil = self.intercept = None
        self.connections = 0
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def url(self, name):
        """The URL of a model."""
        return f"http://127.0.0.1:{self.port}/v1/models/{name}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def close_port(self):
        """Take no more connections, from within a request."""
        self._http.shutdown()
        self._http.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that is gone is nobody's error."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def setup(self):
        super().setup()
        self.server.owner.connections += 1

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        self._serve(b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self._serve(body)

    def _serve(self, body):
        owner = self.server.owner
        if owner.intercept is not None and owner.intercept(self):
            return
        path = urllib.parse.unquote(self.path)
        if not path.startswith("/v1/"):
            self.answer(404, b"<html><head><title>404</title></head></html>", "text/html")
            return
        try:
            status, value = 200, _answer(owner, self.command, path, body)
            if owner.spoil is not None:
                value = owner.spoil(path, value)
        except RestError as error:
            status, value = error.status, {"error": error.message}
        text = json.dumps(value, ensure_ascii=False, indent=1)
        self.answer(status, text.encode("utf-8", "surrogateescape"), "application/json")

    def answer(self, status, body, media="application/json", **headers):
        """Send a whole answer."""
        self.send_response(status)
        headers = {"Content-Type": media, "Content-Length": str(len(body)), **headers}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def _answer(owner, command, path, body):
    asked = _PATH.fullmatch(path)
    if asked is None or (command == "POST") != (asked["verb"] is not None):
        raise RestError(400, f"Malformed request: {command} {path}")
    name, number, label = asked["name"], asked["version"], asked["label"]
    if name not in owner.models:
        missing = f"Servable not found for request: Latest({name})"
        status = f"Could not find any versions of model {name}"
        raise RestError(404, missing if asked["verb"] or asked["metadata"] else status)
    model = owner.models[name]
    model.poll()
    if asked["verb"]:
        return ask(model.version(name, number, label)[1], asked["verb"], parse(body))
    if asked["metadata"]:
        return metadata(name, *model.version(name, number, label))
    return {"model_version_status": owner.states.get(name) or model.status(name, number, label)}
