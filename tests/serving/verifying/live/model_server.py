"""A real TensorFlow Serving for the tests: the binary where there is one, else Docker's image.

The binary is `tensorflow_model_server` on the PATH, or what `KERAKIT_TF_MODEL_SERVER` names.
Docker takes the image that `KERAKIT_TF_SERVING_IMAGE` names, else the one of `compose_file`.
"""

import contextlib
import functools
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import tempfile
import time

from live_cases import request

__all__ = ["ModelServer", "find_launcher"]

_START_SECONDS = 120.0
_PULL_SECONDS = 600.0
# A failed load is told at once, and one that is tried again does not hold up the others.
_FLAGS = (
    "--file_system_poll_wait_seconds=1",
    "--max_num_load_retries=0",
    "--num_load_threads=2",
    "--enable_model_warmup=true",
)


@functools.cache
def find_launcher():
    """Return `(launcher, reason)`: how to start a server, or `None` and why there is none.

    A launcher is `["binary", path]` or `["docker", image]`.
    """
    named = os.environ.get("KERAKIT_TF_MODEL_SERVER")
    binary = shutil.which(named or "tensorflow_model_server")
    if binary is not None:
        return ["binary", binary], ""
    if named:
        return None, f"KERAKIT_TF_MODEL_SERVER={named} is no program"
    no_binary = "there is no tensorflow_model_server on the PATH, and"
    if shutil.which("docker") is None:
        return None, f"{no_binary} no docker"
    try:
        _docker("info", seconds=10)
    except (subprocess.SubprocessError, OSError) as error:
        return None, f"{no_binary} no engine answers to docker info: {_said(error)}"
    image = os.environ.get("KERAKIT_TF_SERVING_IMAGE")
    if image is None:
        from kerakit.serving.deploy.compose import IMAGE as image
    try:
        _docker("image", "inspect", image, seconds=10)
    except subprocess.SubprocessError:
        try:
            _docker("pull", image, seconds=_PULL_SECONDS)
        except subprocess.SubprocessError as error:
            return None, f"{no_binary} docker cannot pull {image}: {_said(error)}"
    return ["docker", image], ""


class ModelServer:
    """A running TensorFlow Serving. Use it in a `with` block.

    Args:
        models: dict from name to the absolute path of the folder that holds its versions.

    Raises (on entering):
        RuntimeError: when it ends, or does not serve every model in time; with its log.
    """

    def __init__(self, models):
        self.models = {name: pathlib.Path(base).resolve() for name, base in models.items()}
        self._launcher, reason = find_launcher()
        if self._launcher is None:
            raise RuntimeError(reason)
        self._stack = contextlib.ExitStack()

    def url(self, name):
        """The URL of a model."""
        return f"http://127.0.0.1:{self.port}/v1/models/{name}"

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            self._log = pathlib.Path(folder) / "log.txt"
            self._start(stack, pathlib.Path(folder))
            self._wait()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _start(self, stack, folder):
        kind, what = self._launcher
        self.port, grpc = _free_ports(2)
        config, container = folder / "models.config", None
        if kind == "binary":
            config.write_text(_models_config(self.models))
            ports = [f"--port={grpc}", f"--rest_api_port={self.port}"]
            command = [what, *ports, f"--model_config_file={config}", *_FLAGS]
        else:
            inside = {name: f"/models/{name}" for name in self.models}
            config.write_text(_models_config(inside))
            container = f"kerakit-test-{secrets.token_hex(6)}"
            command = ["docker", "run", "--rm", "--name", container]
            command += ["--publish", f"127.0.0.1:{self.port}:8501"]
            binds = {config: "/kerakit/models.config"}
            binds |= {base: inside[name] for name, base in self.models.items()}
            for source, target in binds.items():
                command += ["--mount", f"type=bind,source={source},target={target},readonly"]
            command += [what, "--model_config_file=/kerakit/models.config", *_FLAGS]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        stack.callback(_stop, self._process)
        if container is not None:
            stack.callback(_remove_container, container)

    def _wait(self):
        """Wait until every model has a version that is available."""
        end = time.monotonic() + _START_SECONDS
        missing = set(self.models)
        while missing:
            if self._process.poll() is not None:
                raise RuntimeError(f"The server ended with code {self._process.returncode}.{self}")
            if time.monotonic() > end:
                raise RuntimeError(f"The server does not serve {sorted(missing)}.{self}")
            missing = {name for name in missing if not self._available(name)}
            time.sleep(0.1 if missing else 0)

    def _available(self, name):
        try:
            status, value = request(self.url(name))
        except OSError:  # its port opens when the first model is loaded
            return False
        states = value.get("model_version_status", []) if status == 200 else []
        return any(version["state"] == "AVAILABLE" for version in states)

    def __str__(self):
        text = self._log.read_text(errors="replace")
        return "\n".join(["", *text.splitlines()[-30:]])


def _models_config(bases):
    """The text of a `models.config`; a JSON string is one of a text proto too."""
    entries = [
        f"  config {{ name: {json.dumps(name)} base_path: {json.dumps(str(base))} "
        "model_platform: 'tensorflow' }"
        for name, base in bases.items()
    ]
    return "\n".join(["model_config_list {", *entries, "}", ""])


def _free_ports(count):
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in made]


def _stop(process):
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _docker(*arguments, seconds):
    subprocess.run(
        ["docker", *arguments], check=True, capture_output=True, text=True, timeout=seconds
    )


def _remove_container(name):
    # It is gone already where the server ended by itself.
    with contextlib.suppress(subprocess.SubprocessError):
        _docker("rm", "--force", name, seconds=60)


def _said(error):
    text = getattr(error, "stderr", None) or str(error)
    return text.strip().splitlines()[-1] if isinstance(text, str) and text.strip() else repr(error)
