"""A small HTTP client: one connection kept alive, every wait and every answer bounded.

It is made for one server that may be anything at all: slow, broken, or no model server.
Whatever it does ends in a `Reply` or in an `ExportError` of one sentence.
"""

import dataclasses
import http.client
import json
import socket
import ssl
import time

from kerakit.errors import ExportError
from kerakit.serving.verifying.live.connection import TimedConnection

__all__ = ["Reply", "RestClient", "Unreachable", "one_line"]

LIMIT = 64 * 2**20  # bytes; an answer to a few dozen rows has a few hundred thousand
CONNECT_SECONDS = 10.0
_CHUNK = 2**16
_HINT = (
    "Is TensorFlow Serving running there? Its REST port, 8501 unless set otherwise, opens only "
    "once a first version has loaded."
)


class Unreachable(ExportError):
    """The server cannot be asked any more: no connection, or no answer in time."""


@dataclasses.dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        status: int. The HTTP status.
        body: bytes.
        location: str. Where a redirect points, or `""`.
    """

    status: int
    body: bytes
    location: str = ""

    def json(self):
        """Return the body as JSON, with the literals NaN and Infinity read.

        Raises:
            ExportError: when it is no JSON in UTF-8.
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

    def problem(self):
        """Return in one line what the server has against the request; `""` for status 200."""
        if self.status == 200:
            return ""
        if self.location:
            where = one_line(self.location)
            return f"HTTP {self.status}, a redirect to {where}; give that address if it is right"
        message = self.message()
        text = self.body[:200].decode("utf-8", "replace") if message is None else message
        return f"HTTP {self.status}: {one_line(text)}" if text.strip() else f"HTTP {self.status}"

    def message(self):
        """Return the `error` of the server's JSON, or `None` where there is none."""
        try:
            value = self.json()
        except ExportError:
            return None
        message = value.get("error") if isinstance(value, dict) else None
        return message if isinstance(message, str) else None


class RestClient:
    """A connection to one server. Use it in a `with` block.

    Args:
        url: `ModelUrl`. Its scheme, host and port.
        timeout: float. Seconds that one request may take, from its first byte to the last
            of its answer. Defaults to 30.0, which is also the server's own limit.
    """

    def __init__(self, url, timeout=30.0):
        self._server = url.server
        self._timeout = timeout
        self._connection = TimedConnection(url, min(timeout, CONNECT_SECONDS))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.release()

    def get(self, path):
        """Return the `Reply` to a GET.

        Raises:
            Unreachable: when there is no connection, or no whole answer in time.
            ExportError: when what comes is not HTTP, cut off or beyond all bounds.
        """
        return self._ask("GET", path, None)

    def post(self, path, body):
        """Return the `Reply` to a POST of `body`, the bytes of a JSON text. Raises as `get`."""
        return self._ask("POST", path, body)

    def _ask(self, method, path, body):
        kept = self._connection.sock is not None
        try:
            try:
                return self._once(method, path, body)
            except ConnectionError:
                # A server may close a connection that was idle; a fresh one tells.
                if not kept:
                    raise
                self._connection.release()
                return self._once(method, path, body)
        except ExportError:
            self._connection.release()
            raise
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self._connection.release()
            raise self._explain(error) from error

    def _once(self, method, path, body):
        connection = self._connection
        connection.deadline = time.monotonic() + self._timeout
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        parts, size = [], 0
        while part := response.read(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > LIMIT:
                raise ExportError(f"the answer is longer than {LIMIT:,} bytes")
        if response.length:
            raise ExportError(
                f"the answer ended after {size:,} bytes, {response.length:,} fewer than its "
                "Content-Length"
            )
        redirect = 300 <= response.status < 400
        return Reply(
            response.status,
            b"".join(parts),
            (response.getheader("Location") or "") if redirect else "",
        )

    def _explain(self, error):
        at, why = self._server, one_line(str(error)) or type(error).__name__
        if isinstance(error, ConnectionRefusedError):
            return Unreachable(f"Nothing answers at {at}: connection refused. {_HINT}")
        if isinstance(error, (socket.gaierror, UnicodeError)):
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
        if isinstance(error, http.client.IncompleteRead):
            return ExportError(f"{at} cut its answer off after {len(error.partial):,} bytes")
        if isinstance(error, http.client.HTTPException):
            return ExportError(
                f"{at} does not speak HTTP as expected ({type(error).__name__}: {why}). Is it the "
                "REST port, 8501 unless set otherwise, and not the gRPC port, 8500?"
            )
        return Unreachable(f"{at} cannot be reached ({why}). {_HINT}")


def one_line(text, limit=400):
    """Return text of any origin as one printable line of at most `limit` characters.

    Example:

    >>> one_line("two\\n  lines, a bell\\a")
    'two lines, a bell?'
    """
    words = " ".join(text[: 4 * limit].split())
    words = "".join(c if c.isprintable() else "?" for c in words)
    return words if len(words) <= limit else words[: limit - 3] + "..."
