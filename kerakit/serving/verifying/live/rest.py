"""A small HTTP client: one connection kept alive, every wait and every answer bounded.

The client asks one server, which may be anything at all: slow, broken, or no model server.
Every request ends in a `Reply` or in an `ExportError` of one sentence.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import socket
import ssl
import threading
import time
from typing import Any

import urllib3.exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection

from kerakit.errors import ExportError
from kerakit.serving.verifying.live.url import ModelUrl

__all__ = ["Reply", "RestClient", "Unreachable", "one_line"]

LIMIT = 64 * 2**20  # bytes; an answer to a few dozen rows has a few hundred thousand
CONNECT_SECONDS = 10.0
_CHUNK = 2**16
_TICK = 0.05  # seconds
_HINT = (
    "Is TensorFlow Serving running there? Its REST port, 8501 unless set otherwise, opens only "
    "once a first version has loaded."
)


class Unreachable(ExportError):
    """The server cannot be asked any more: no connection, or no answer in time."""


@dataclasses.dataclass(frozen=True)
class Reply:
    """The server's answer to one request.

    Attributes:
        status: int. The HTTP status.
        body: bytes.
        location: str. The address that a redirect names, or `""`.
    """

    status: int
    body: bytes
    location: str = ""

    def json(self) -> Any:
        """Return the body as JSON, with the literals NaN and Infinity read.

        Raises:
            ExportError: when the body is not JSON in UTF-8.
        """
        try:
            return json.loads(self.body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ExportError(f"the answer is not UTF-8: {error}") from error
        except (ValueError, RecursionError) as error:
            start = one_line(self.body[:80].decode("utf-8", "replace"))
            raise ExportError(
                f"the answer is not JSON ({len(self.body):,} bytes, {start!r}): {error}"
            ) from error

    def problem(self) -> str:
        """Return in one line why the server refused the request; `""` for status 200."""
        if self.status == 200:
            return ""
        if self.location:
            where = one_line(self.location)
            return f"HTTP {self.status}, a redirect to {where}; give that address if it is right"
        message = self.message()
        text = self.body[:200].decode("utf-8", "replace") if message is None else message
        return f"HTTP {self.status}: {one_line(text)}" if text.strip() else f"HTTP {self.status}"

    def message(self) -> str | None:
        """Return the `error` of the server's JSON, or `None` where there is none."""
        try:
            value = self.json()
        except ExportError:
            return None
        message = value.get("error") if isinstance(value, dict) else None
        return message if isinstance(message, str) else None


class RestClient:
    """A connection to one server. Use it in a `with` block.

    No proxy of the environment is used, no redirect is followed, and the certificate of an
    https server is checked.

    Args:
        url: `ModelUrl`. Its scheme, host and port.
        timeout: float. Seconds that one request may take, from its first byte to the last
            byte of its answer. Defaults to 30.0, which is also the server's own limit.
    """

    def __init__(self, url: ModelUrl, timeout: float = 30.0):
        self._server = url.server
        self._timeout = timeout
        self._connection = (HTTPSConnection if url.secure else HTTPConnection)(url.host, url.port)
        self._watch = _Watch()

    def __enter__(self) -> RestClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._watch.end()

    def get(self, path: str) -> Reply:
        """Return the `Reply` to a GET.

        Raises:
            Unreachable: when there is no connection, or no whole answer in time.
            ExportError: when the answer is not HTTP, is cut off, or is longer than `LIMIT`.
        """
        return self._ask("GET", path, None)

    def post(self, path: str, body: bytes) -> Reply:
        """Return the `Reply` to a POST of `body`, the bytes of a JSON text. Raises as `get`."""
        return self._ask("POST", path, body)

    def _ask(self, method, path, body):
        kept = self._connection.is_connected
        try:
            try:
                return self._once(method, path, body)
            except ConnectionError:
                # The server may close an idle connection just now; a fresh one tells.
                if not kept:
                    raise
                self._connection.close()
                return self._once(method, path, body)
        except ExportError:
            self._connection.close()
            raise
        except (
            OSError,
            UnicodeError,
            http.client.HTTPException,
            urllib3.exceptions.HTTPError,
        ) as error:
            self._connection.close()
            raise self._explain(error) from error

    def _once(self, method, path, body):
        connection = self._connection
        if not connection.is_connected:
            connection.close()
            connection.timeout = min(self._timeout, CONNECT_SECONDS)
            connection.connect()
        connection.timeout = self._timeout
        connection.sock.settimeout(self._timeout)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        with self._watch.over(connection.sock, self._timeout):
            connection.request(method, path, body, headers, preload_content=False)
            response = connection.getresponse()
            parts, size = [], 0
            while part := response.read(_CHUNK, decode_content=False):
                parts.append(part)
                size += len(part)
                if size > LIMIT:
                    raise ExportError(f"the answer is longer than {LIMIT:,} bytes")
        redirect = 300 <= response.status < 400
        location = response.headers.get("Location", "") if redirect else ""
        return Reply(response.status, b"".join(parts), location)

    def _explain(self, error):
        error = _origin(error)
        at, why = self._server, one_line(str(error)) or type(error).__name__
        if isinstance(error, ConnectionRefusedError):
            return Unreachable(f"Nothing answers at {at}: connection refused. {_HINT}")
        unknown = (socket.gaierror, UnicodeError, urllib3.exceptions.LocationParseError)
        if isinstance(error, unknown):
            return Unreachable(f"The host of {at} is not known ({why}). Check its name.")
        if isinstance(error, ssl.SSLError):
            return Unreachable(
                f"No https with {at} ({why}). TensorFlow Serving's REST has no TLS of its own: "
                "use http://, or the address of the proxy before it."
            )
        if isinstance(error, TimeoutError):
            return Unreachable(f"{at} did not answer within {self._timeout:g} s. {_HINT}")
        if isinstance(error, ConnectionError):
            return Unreachable(f"{at} closed the connection without an answer ({why}). {_HINT}")
        if isinstance(error, urllib3.exceptions.IncompleteRead):
            return ExportError(
                f"the answer ended after {error.partial:,} bytes, {error.expected:,} fewer than "
                "its Content-Length"
            )
        if isinstance(error, http.client.IncompleteRead):
            return ExportError(f"{at} cut its answer off after {len(error.partial):,} bytes")
        if isinstance(error, (http.client.HTTPException, urllib3.exceptions.HTTPError)):
            return ExportError(
                f"{at} does not speak HTTP as expected ({type(error).__name__}: {why}). Is it the "
                "REST port, 8501 unless set otherwise, and not the gRPC port, 8500?"
            )
        return Unreachable(f"{at} cannot be reached ({why}). {_HINT}")


def _origin(error):
    """The error of Python's library that an error of urllib3 stands for, or the error itself."""
    wrapped = (
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ProtocolError,
        urllib3.exceptions.SSLError,
    )
    if isinstance(error, wrapped):  # first: in some versions the first is a timeout too
        return error.__cause__ or error
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return TimeoutError("timed out")
    return error


class _Watch:
    """A thread that shuts a socket down when the time of a request is up.

    The timeout of a socket is one for each read: a server that sends a byte now and then
    would hold a client for ever.
    """

    def __init__(self):
        self._watched = None
        self._ended = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def end(self):
        self._ended.set()

    @contextlib.contextmanager
    def over(self, sock, seconds):
        """Raise `TimeoutError` when the block has not ended after some seconds."""
        deadline = time.monotonic() + seconds
        self._watched = sock, deadline
        try:
            yield
        except (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError) as error:
            if time.monotonic() >= deadline:
                raise TimeoutError("timed out") from error
            raise
        finally:
            self._watched = None
        if time.monotonic() >= deadline:
            raise TimeoutError("timed out")

    def _run(self):
        while not self._ended.wait(_TICK):
            sock, deadline = self._watched or (None, 0.0)
            if sock is not None and time.monotonic() >= deadline:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


def one_line(text: str, limit: int = 400) -> str:
    """Return text of any origin as one printable line of at most `limit` characters.

    Example:

    >>> one_line("two\\n  lines, a bell\\a")
    'two lines, a bell?'
    """
    words = " ".join(text[: 4 * limit].split())
    words = "".join(c if c.isprintable() else "?" for c in words)
    return words if len(words) <= limit else words[: limit - 3] + "..."
