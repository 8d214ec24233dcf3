"""`ModelUrl`: the address of a model on a server."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse

from kerakit.checks import check, short_repr
from kerakit.errors import ArgumentError

__all__ = ["ModelUrl", "parse_model_url"]

_EXPECTED = "http://HOST:8501/v1/models/NAME, or with /versions/N or /labels/L after it"
_PATH = re.compile(
    r"(?P<prefix>.*)/v1/models/(?P<name>[^/:]+)"
    r"(?P<which>/versions/[0-9]+|/labels/[^/:]+)?"
    r"(/metadata|:[a-z]+)?/*"
)


@dataclasses.dataclass(frozen=True)
class ModelUrl:
    """The address of a model on a server.

    Attributes:
        secure: bool. Whether the scheme is https.
        host: str.
        port: int.
        path: str. From the first slash, without a verb, as it is sent.
        name: str. The model's name on the server.
    """

    secure: bool
    host: str
    port: int
    path: str
    name: str

    @property
    def server(self) -> str:
        """Scheme, host and port, as text."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}"

    def __str__(self) -> str:
        return self.server + self.path


def parse_model_url(owner: str, url: str) -> ModelUrl:
    """Read the URL of a model; a trailing slash, verb or `/metadata` is dropped.

    Args:
        owner: str. The function that the user called.
        url: str, such as `"http://localhost:8501/v1/models/wine"`.

    Returns:
        `ModelUrl`.

    Raises:
        ArgumentError: when `url` is not the address of a model.

    Example:

    >>> print(parse_model_url("verify", "http://localhost:8501/v1/models/wine/versions/2:predict"))
    http://localhost:8501/v1/models/wine/versions/2
    """
    check(isinstance(url, str), owner, "url", f"a str such as {_EXPECTED}", url)
    text = url.strip()
    try:
        parts = urllib.parse.urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _bad(owner, url, f"it cannot be read: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise _bad(owner, url, "it does not begin with http:// or https://")
    if not host or any(ord(c) <= 32 for c in text):
        raise _bad(owner, url, "it holds a space" if host else "it names no host")
    if parts.username is not None or parts.password is not None:
        raise ArgumentError(
            f"The 'url' parameter of {owner} must not hold a user or a password. Expected "
            f"{_EXPECTED}."
        )
    if parts.query or parts.fragment:
        raise _bad(owner, url, "it ends with a query or a fragment")
    found = _PATH.fullmatch(parts.path)
    if found is None:
        raise _bad(owner, url, "its path is not that of a model")
    path = f"{found['prefix']}/v1/models/{found['name']}{found['which'] or ''}"
    secure = parts.scheme == "https"
    return ModelUrl(
        secure,
        host,
        port if port is not None else 443 if secure else 80,
        urllib.parse.quote(path, safe="/%+-._~!$&'()*,;=@"),
        urllib.parse.unquote(found["name"]),
    )


def _bad(owner, url, why):
    return ArgumentError(
        f"The 'url' parameter of {owner} must be {_EXPECTED}. Got {short_repr(url)} instead; {why}."
    )
