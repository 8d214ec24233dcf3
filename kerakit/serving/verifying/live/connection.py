"""An HTTP connection with a deadline, which holds also while an answer drips in byte by byte.

A timeout of a socket is one for each read; a server that sends a byte now and then would
hold a client for ever.
"""

import http.client
import io
import socket
import ssl
import time

__all__ = ["TimedConnection"]


class TimedConnection(http.client.HTTPConnection):
    """An HTTP connection whose every wait ends by `deadline`.

    Args:
        url: `ModelUrl`. Its scheme, host and port.
        connect_seconds: float. How long one address may take to accept the connection.

    Attributes:
        deadline: float. On the clock of `time.monotonic`.
    """

    def __init__(self, url, connect_seconds):
        super().__init__(url.host, url.port)
        self.deadline = 0.0
        self._secure = url.secure
        self._connect_seconds = connect_seconds
        self._raw = None

    def connect(self):
        self._close_raw()
        address = (self.host, self.port)
        raw = self._raw = socket.create_connection(address, self._connect_seconds)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._secure:
            context = ssl.create_default_context()
            raw = self._raw = context.wrap_socket(raw, server_hostname=self.host)
        self.sock = _TimedSocket(raw, self)

    def release(self):
        """Close the connection for good; the next request opens another."""
        self.close()
        self._close_raw()

    def _close_raw(self):
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    def left(self):
        """Return the seconds until the deadline, and raise when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _TimedSocket:
    """As much of a socket as `http.client` uses."""

    def __init__(self, raw, connection):
        self._raw = raw
        self._connection = connection

    def sendall(self, data):
        self._raw.settimeout(self._connection.left())
        self._raw.sendall(data)

    def makefile(self, mode):
        return io.BufferedReader(_TimedReader(self._raw, self._connection))

    def close(self):
        """Leave the socket open: an answer may be read still. `release` closes it."""


class _TimedReader(io.RawIOBase):
    def __init__(self, raw, connection):
        self._raw = raw
        self._connection = connection

    def readable(self):
        return True

    def readinto(self, buffer):
        self._raw.settimeout(self._connection.left())
        return self._raw.recv_into(buffer)
