"""URLs that are none of a model, and servers that are anything but TensorFlow Serving."""

import json
import socket
import time

import pytest
from live_cases import http_answer
from rest_models import version_status

from kerakit.errors import ArgumentError, ExportError
from kerakit.serving.verifying.live import rest
from kerakit.serving.verifying.live.check import check_live
from kerakit.serving.verifying.live.url import parse_model_url


def test_parts_of_a_url():
    url = parse_model_url("verify", "https://proxy.example/ai/v1/models/w%C3%A9in/labels/stable")
    assert (url.secure, url.host, url.port, url.name) == (True, "proxy.example", 443, "wéin")
    assert url.path == "/ai/v1/models/w%C3%A9in/labels/stable"
    assert str(parse_model_url("verify", "http://[::1]:8501/v1/models/a")).startswith(
        "http://[::1]:8501/"
    )


@pytest.mark.many
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("localhost:8501/v1/models/wine", "does not begin with http"),
        ("ftp://localhost:8501/v1/models/wine", "does not begin with http"),
        ("http://localhost:8501", "not that of a model"),
        ("http://localhost:8501/v1/models/", "not that of a model"),
        ("http://localhost:8501/v1/models/wine/versions/new", "not that of a model"),
        ("http://localhost:8501/v2/models/wine", "not that of a model"),
        ("http://:8501/v1/models/wine", "names no host"),
        ("http://localhost:port/v1/models/wine", "cannot be read"),
        ("http://localhost:99999/v1/models/wine", "cannot be read"),
        ("http://[::1/v1/models/wine", "cannot be read"),
        ("http://local host:8501/v1/models/wine", "holds a space"),
        ("http://localhost:8501/v1/models/wine?x=1", "query"),
        ("http://me:secret@localhost:8501/v1/models/wine", "user or a password"),
        (b"http://localhost:8501/v1/models/wine", "must be a str"),
    ],
)
def test_a_url_that_is_none(url, why, exports):
    with pytest.raises(ArgumentError, match="http://HOST:8501/v1/models/NAME") as caught:
        check_live(exports["regression"], url)
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)


GOOD = json.dumps({"model_version_status": [version_status(1, "AVAILABLE")]}).encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (http_answer(b"<html>hello</html>", Content_Type="text/html"), "not JSON"),
        (http_answer(b"<html>no</html>", "404 Not Found"), "HTTP 404: <html>no</html>"),
        (http_answer(b'{"detail": "Not Found"}', "404 Not Found"), "HTTP 404"),
        (http_answer(b'{"status": "ok"}'), "no 'model_version_status'"),
        (http_answer(b"[1, 2]"), "no 'model_version_status'"),
        (http_answer(b'{"model_version_status": []}'), "no 'model_version_status'"),
        (http_answer(b'{"model_version_status": [3]}'), "no 'model_version_status'"),
        (http_answer(b'{"model_version_status": [{"version": "a"}]}'), "no 'model_version_status'"),
        (
            http_answer(b"", "302 Found", Location="http://elsewhere/"),
            "redirect to http://elsewhere/",
        ),
        (http_answer(b"", "401 Unauthorized"), "HTTP 401"),
        (http_answer(GOOD[:30]), "not JSON"),
        (http_answer(GOOD, length=len(GOOD) + 9), "9 fewer than its Content-Length"),
        (http_answer(GOOD, length=len(GOOD) - 9), "not JSON"),
        (http_answer(GOOD, length=10**15), "fewer than its Content-Length"),
        (http_answer(b"ff\r\n{", length="", Transfer_Encoding="chunked"), "cut"),
        (http_answer(b"zz\r\n", length="", Transfer_Encoding="chunked"), "cut"),
        (http_answer('{"größe": 1}'.encode("latin-1")), "not UTF-8"),
        (http_answer(b"[" * 100_000), "not JSON"),
        (http_answer(b""), "not JSON"),
        (b"\x00\x00\x18\x04\x00\x00\x00\x00\x00\r\n", "not the gRPC port, 8500"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000, "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000, "does not speak HTTP"),
        (b"", "closed the connection without an answer"),
    ],
)
def test_something_else_than_tensorflow_serving(content, why, raw, exports):
    with pytest.raises(ExportError) as caught:
        check_live(exports["regression"], raw(content), timeout=5)
    message = str(caught.value)
    assert why in message
    assert "8501" in message
    assert len(message) < 900


def test_an_answer_without_an_end(raw, exports, monkeypatch):
    monkeypatch.setattr(rest, "LIMIT", 10**6)
    with pytest.raises(ExportError, match="longer than 1,000,000 bytes"):
        check_live(exports["regression"], raw(http_answer(b" " * 10**7)), timeout=5)


@pytest.mark.parametrize("content", [None, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 900])
def test_a_server_that_does_not_answer_in_time(content, raw, exports):
    url = raw(content if content is None else (content[i : i + 1] for i in range(len(content))))
    start = time.monotonic()
    with pytest.raises(ExportError, match="did not answer within 0.5 s"):
        check_live(exports["regression"], url, timeout=0.5)
    # All the bytes take 45 s.
    assert time.monotonic() - start < 15, "a byte now and then must not hold the client"


def test_no_server(exports):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ExportError, match=f"127.0.0.1:{port}: connection refused.*8501"):
        check_live(exports["regression"], f"http://127.0.0.1:{port}/v1/models/regression")


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 80, "xn--\N{SNOWMAN}..x"])
def test_a_host_that_is_not_known(host, exports):
    with pytest.raises(ExportError, match="is not known"):
        check_live(exports["regression"], f"http://{host}:8501/v1/models/regression")


def test_https_where_there_is_none(server):
    url = server.url("binary").replace("http:", "https:")
    with pytest.raises(ExportError, match="No https with .* use http://"):
        check_live(server.paths["binary"], url)
