import csv
import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import urllib.parse
import warnings

import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf import wrappers_pb2 as wrappers
from tensorflow_serving.config import model_server_config_pb2

from kerakit.errors import ArgumentError
from kerakit.serving.deploy.compose import compose_file
from kerakit.serving.deploy.models_config import serving_config

WHOLE = ("saved_model.pb", "variables/variables.index")
AWKWARD = ['it\'s "größe"', "back\\new", "$HOME ${x}", "数 & 学", "#hash", "- [dash", "{brace}"]


def add_version(model, name, parts=WHOLE):
    for part in parts:
        (model / name / part).parent.mkdir(parents=True, exist_ok=True)
        (model / name / part).write_text("")


def add_manifest(version, *shapes):
    inputs = {f"x{location}": {"shape": shape} for location, shape in enumerate(shapes)}
    (version / "assets.extra").mkdir()
    manifest = {"signatures": {"serving_default": {"inputs": inputs}}}
    (version / "assets.extra" / "kerakit.json").write_text(json.dumps(manifest))


@pytest.fixture
def base(tmp_path):
    """Two models: wine with the versions 2 and 10, iris with 7."""
    for model, version in (("wine", "2"), ("wine", "10"), ("iris", "7")):
        add_version(tmp_path / "models" / model, version)
    return tmp_path / "models"


@pytest.fixture(scope="module")
def schemas():
    """Two messages that tensorflow-serving-api leaves out, with the fields of the server's."""
    file = descriptor_pb2.FileDescriptorProto(
        name="configs.proto",
        package="configs",
        syntax="proto3",
        dependency=[wrappers.DESCRIPTOR.name],
    )
    kinds = descriptor_pb2.FieldDescriptorProto
    for message, fields in {
        "PrometheusConfig": [("enable", kinds.TYPE_BOOL, None), ("path", kinds.TYPE_STRING, None)],
        "MonitoringConfig": [
            ("prometheus_config", kinds.TYPE_MESSAGE, ".configs.PrometheusConfig")
        ],
        "BatchingParameters": [
            (name, kinds.TYPE_MESSAGE, ".google.protobuf.Int64Value")
            for name in (
                "max_batch_size",
                "batch_timeout_micros",
                "max_enqueued_batches",
                "num_batch_threads",
            )
        ],
    }.items():
        added = file.message_type.add(name=message)
        for number, (name, kind, type_name) in enumerate(fields, 1):
            added.field.add(
                name=name, number=number, type=kind, type_name=type_name, label=kinds.LABEL_OPTIONAL
            )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"configs.{name}"))
        for name in ("MonitoringConfig", "BatchingParameters")
    }


def parse(text):
    """Name to (base path, versions of the policy, labels) of a `models.config`."""
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    models = config.model_config_list.config
    assert all(model.model_platform == "tensorflow" for model in models)
    return {
        model.name: (
            model.base_path,
            list(model.model_version_policy.specific.versions)
            if model.HasField("model_version_policy")
            else "latest",
            dict(model.version_labels),
        )
        for model in models
    }


def resolve(value):
    """What Compose makes of a value without variables: `$$` is `$`, a single `$` is not there."""
    if isinstance(value, dict):
        return {key: resolve(item) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item) for item in value]
    if isinstance(value, str):
        assert "$" not in value.replace("$$", ""), value
        return value.replace("$$", "$")
    return value


def compose(*arguments, **settings):
    """`(the text's service, its configurations by name, the text)`."""
    text = compose_file(*arguments, **settings)
    loaded = resolve(yaml.safe_load(text))
    configs = {name: config["content"] for name, config in loaded["configs"].items()}
    return loaded["services"]["tensorflow-serving"], configs, text


def comment_lines(text, start):
    return [line[4:] for line in text.splitlines() if line.startswith(f"#   {start}")]


def test_by_default_the_server_takes_the_highest_version(base, monkeypatch):
    expected = {
        "iris": (f"{base}/iris", "latest", {}),
        "wine": (f"{base}/wine", "latest", {}),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = serving_config(base)
    assert parse(text) == expected and "#" not in text
    monkeypatch.chdir(base.parent)
    assert serving_config("models") == serving_config("models/") == text
    for path in ("/models", "/models/", "gs://bucket/models"):
        assert parse(serving_config(base, base_path=path))["wine"][0] == f"{path.rstrip('/')}/wine"


def test_labels_are_on_the_two_newest_versions_and_both_stay_loaded(base):
    add_version(base / "wine", "9")
    models = parse(serving_config(base, labels=True))
    assert models["wine"][1:] == ([9, 10], {"stable": 9, "canary": 10})
    assert models["iris"][1:] == ([7], {"stable": 7, "canary": 7})


@pytest.mark.parametrize(
    ("parts", "flaw"),
    [
        (WHOLE[:1], r"half-written \(variables/variables.index is missing\)"),
        (WHOLE[1:], r"half-written \(saved_model.pb is missing\)"),
        (("variables/other",), r"half-written \(saved_model.pb is missing\)"),
        (None, "is a file"),
        ("link", "leads nowhere"),
    ],
)
def test_a_newest_version_that_is_not_whole_is_passed_over(base, parts, flaw):
    newest = base / "wine" / "11"
    if parts == "link":
        newest.symlink_to("gone")
    elif parts is None:
        newest.write_text("")
    else:
        add_version(base / "wine", "11", parts)
    with pytest.warns(UserWarning, match=f"'wine' is pinned to version 10: version 11 .*{flaw}"):
        text = serving_config(base)
    assert parse(text)["wine"][1] == [10] and parse(text)["iris"][1] == "latest"
    comments = [line[2:] for line in text.splitlines() if line.startswith("# ")]
    assert re.search(flaw, " ".join(comments))
    with pytest.warns(UserWarning, match="pinned"):
        labelled = parse(serving_config(base, labels=True))
    assert labelled["wine"][1:] == ([2, 10], {"stable": 2, "canary": 10})


def test_an_older_version_that_is_not_whole_is_no_matter(base):
    add_version(base / "wine", "9", WHOLE[:1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse(serving_config(base))["wine"][1] == "latest"
        assert parse(serving_config(base, labels=True))["wine"][1] == [2, 10]


def test_of_two_names_with_one_number_the_servers_choice_counts(base):
    add_version(base / "wine", "010", WHOLE[:1])  # the server takes "10", which is later
    assert parse(serving_config(base))["wine"][1] == "latest"
    add_version(base / "iris", "07")
    (base / "iris" / "7" / "saved_model.pb").unlink()
    with pytest.warns(UserWarning, match="'iris' is left out"):
        assert list(parse(serving_config(base))) == ["wine"]


def test_what_is_no_model_is_left_out(base):
    (base / "README.md").write_text("")
    (base / ".tmp-3").mkdir()
    add_version(base / ".hidden", "1")
    add_version(base / "wine", ".tmp-11", WHOLE[:1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "#" not in serving_config(base)
    (base / "empty\nfolder").mkdir()
    add_version(base / "half", "3", WHOLE[:1])
    with pytest.warns(UserWarning) as caught:
        text = serving_config(base)
    assert [str(warning.message) for warning in caught] == [
        r"'empty\nfolder' is left out, it has no whole version: no version.",
        "'half' is left out, it has no whole version: version 3 is half-written "
        "(variables/variables.index is missing).",
    ]
    assert list(parse(text)) == ["iris", "wine"] and r"# 'empty\nfolder' is left out" in text


@pytest.mark.process
def test_awkward_names_and_paths_come_out_as_they_are(tmp_path):
    base = tmp_path / AWKWARD[0] / "a,b:c" / AWKWARD[2]
    for name in AWKWARD:
        add_version(base / name, "1")
    assert parse(serving_config(base)) == {
        name: (f"{base}/{name}", "latest", {}) for name in AWKWARD
    }
    service, configs, text = compose(base, labels=True)
    assert set(parse(configs["models"])) == set(AWKWARD)
    assert parse(configs["models"])[AWKWARD[2]][0] == f"/models/{AWKWARD[2]}"
    assert service["volumes"][0]["source"] == str(base)
    (line,) = comment_lines(text, "docker run")
    tokens = shlex.split(line)
    (fields,) = csv.reader([tokens[tokens.index("--mount") + 1]])
    assert fields == ["type=bind", f"source={base}", "target=/models", "readonly"]
    in_bash = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, cwd=tmp_path
    ).stdout.split("\0")[:-1]
    assert in_bash == [token.replace("$PWD", str(tmp_path)) for token in tokens]


@pytest.mark.parametrize("name", ["a:b", "a\nb", "bell\a", os.fsdecode(b"latin-\xe9")])
def test_a_name_that_no_request_can_reach_is_refused(base, name):
    add_version(base / name, "1")
    with pytest.raises(ArgumentError, match="no request can reach") as caught:
        serving_config(base)
    assert repr(name) in str(caught.value)


def test_the_folder_of_models_must_be_one(base, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    add_version(tmp_path / "halves" / "wine", "1", WHOLE[:1])
    for directory, message in [
        (tmp_path / "nothing", "does not exist"),
        (tmp_path / "file", "is a file"),
        (tmp_path / "empty", "finds no model in .*empty/wine/1"),
        (base / "wine", f"folder of one model; pass {base}\\.$"),
        (base / "wine" / "2", f"version of a model; pass {base}\\.$"),
        (tmp_path / "halves" / "wine", "folder of one model"),
        (3, "path of a folder"),
    ]:
        for write in (serving_config, compose_file):
            with pytest.raises(ArgumentError, match=message):
                write(directory)
    with pytest.raises(ArgumentError, match="no model in .*'wine' is left out.*half-written"):
        serving_config(tmp_path / "halves")
    for path in ("models", "./models", "", "://models", "/mod\nels", 3):
        with pytest.raises(ArgumentError, match="'base_path'|line break"):
            serving_config(base, base_path=path)
    shutil.move(base, tmp_path / "line\nbreak")
    with pytest.raises(ArgumentError, match="line break"):
        serving_config(tmp_path / "line\nbreak")


def test_a_model_may_have_a_number_for_a_name(base):
    add_version(base / "2024", "1")
    assert list(parse(serving_config(base))) == ["2024", "iris", "wine"]


def test_compose_runs_a_pinned_server_on_this_machine_only(base, schemas):
    service, configs, text = compose(base)
    assert service["image"] == "tensorflow/serving:2.20.0"
    assert service["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]
    assert service["restart"] == "unless-stopped" and service["init"] is True
    (mount,) = service["volumes"]
    assert mount["read_only"] is True and mount["bind"] == {"create_host_path": False}
    assert (mount["type"], mount["source"], mount["target"]) == ("bind", str(base), "/models")
    assert service["command"] == [
        "--model_config_file=/models.config",
        "--model_config_file_poll_wait_seconds=60",
        "--monitoring_config_file=/monitoring.config",
        "--num_load_threads=2",
    ]
    assert {config["source"]: config["target"] for config in service["configs"]} == {
        "models": "/models.config",
        "monitoring": "/monitoring.config",
    }
    assert configs["models"] == serving_config(base, base_path="/models")
    monitoring = text_format.Parse(configs["monitoring"], schemas["MonitoringConfig"]())
    assert monitoring.prometheus_config.enable
    assert monitoring.prometheus_config.path == "/monitoring/prometheus/metrics"
    assert "no auth, no TLS" in text
    (line,) = comment_lines(text, "docker run")
    for token in ("127.0.0.1:8501:8501", "tensorflow/serving:2.20.0", "--num_load_threads=2"):
        assert token in shlex.split(line)
    assert "unavailable" not in text


@pytest.mark.process
def test_compose_follows_the_flags(base):
    settings = {"labels": True, "base_path": "/srv/my models/", "image": "own/serving:1"}
    service, configs, text = compose(base, **settings)
    assert service["image"] == "own/serving:1" and "sources" not in text
    assert service["volumes"][0]["target"] == "/srv/my models"
    flag = "--allow_version_labels_for_unavailable_models=true"
    assert flag in service["command"]
    assert configs["models"] == serving_config(base, labels=True, base_path="/srv/my models")
    (line,) = comment_lines(text, "docker run")
    assert {flag, "own/serving:1"} <= set(shlex.split(line))
    (again, config, _) = comment_lines(text, "kerakit serving-config")
    assert shlex.split(again)[2:] == [
        *(str(base), "--docker", "--labels", "--base-path", "/srv/my models"),
        *("--image", "own/serving:1", ">", "compose.yaml"),
    ]
    code = "import sys; from kerakit.cli import main; sys.argv[0] = 'kerakit'; main()"
    for written, expected in ((again, text), (config, configs["models"])):
        words = shlex.split(written.partition(" > ")[0])[1:]
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
        assert done.stdout == expected, done.stderr


@pytest.mark.parametrize("path", ["/", "models", "gs://bucket/models", "/a/../b", "", 3])
def test_a_container_sees_the_folder_at_a_path(base, path):
    with pytest.raises(
        ArgumentError, match="'base_path' parameter of compose_file .--base-path with --docker"
    ):
        compose_file(base, base_path=path)


@pytest.mark.parametrize("image", ["", "a b", "a\nb", "$x", None])
def test_an_image_has_a_name(base, image):
    with pytest.raises(ArgumentError, match="'image' parameter of compose_file"):
        compose_file(base, image=image)


def test_links_must_stay_in_the_folder_that_is_mounted(base, tmp_path):
    (base / "alias").symlink_to("wine")
    assert set(parse(compose(base)[1]["models"])) == {"alias", "iris", "wine"}
    add_version(tmp_path / "elsewhere", "1")
    (base / "far").symlink_to(tmp_path / "elsewhere")
    assert "far" in parse(serving_config(base))
    with pytest.raises(ArgumentError, match="far/1: it is a link to .*elsewhere/1"):
        compose_file(base)


def test_requests_are_batched_where_rows_have_one_shape(base, schemas):
    for version, shape in (("wine/10", [None]), ("wine/2", [None, None, 3]), ("iris/7", [None, 8])):
        add_manifest(base / version, [None], shape)
    service, configs, text = compose(base)
    assert "--enable_batching=true" in service["command"]
    assert "--batching_parameters_file=/batching.config" in service["command"]
    assert {"source": "batching", "target": "/batching.config"} in service["configs"]
    batching = text_format.Parse(configs["batching"], schemas["BatchingParameters"]())
    assert {field.name: value.value for field, value in batching.ListFields()} == {
        "max_batch_size": 1024,
        "batch_timeout_micros": 1000,
        "max_enqueued_batches": 100,
    }
    # The line above each number is a reason.
    reasons = re.findall(r"^# .+\n(\w+) \{", configs["batching"], re.MULTILINE)
    assert reasons == [field.name for field, _ in batching.ListFields()]
    # Version 2 has rows of any length; it is loaded when there are labels.
    service, configs, text = compose(base, labels=True)
    assert "batching" not in configs and "batching" not in str(service)
    assert "# No batching: the rows of 'wine' can have unequal lengths." in text


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"signatures": {"a": {}}}'])
def test_models_of_others_are_not_batched(base, content):
    for version in ("wine/10", "iris/7"):
        add_manifest(base / version, [None])
    manifest = base / "wine" / "10" / "assets.extra" / "kerakit.json"
    if content is None:
        manifest.unlink()
    else:
        manifest.write_text(content)
    service, configs, text = compose(base)
    assert "batching" not in configs and "batching" not in str(service)
    assert "# No batching: 'wine' is not an export of kerakit" in text


@pytest.mark.export
def test_exports_are_configured_as_they_are(exports):
    base = [path.parent.parent for path in exports.values()][0]
    with pytest.warns(UserWarning, match="'run' is left out"):
        service, configs, _ = compose(base)
    assert set(parse(configs["models"])) == set(exports)
    assert "--enable_batching=true" in service["command"]


@pytest.fixture
def server():
    """A server whose `answers` map a path to the body of the answer, 404 for all others."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = answers.get(urllib.parse.unquote(self.path))
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write((body or '{"error": "\\"AVAILABLE\\" it is not"}').encode())

        def log_message(self, *_):
            pass

    answers = {}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.answers = answers
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def status(*states, message=""):
    """The body of a status answer, laid out as the server does."""
    versions = [
        {
            "version": str(number),
            "state": state,
            "status": {"error_code": "OK", "error_message": message},
        }
        for number, state in enumerate(states, 1)
    ]
    return json.dumps({"model_version_status": versions}, indent=1)


def health(base, port):
    """The exit code of the health check, run as it stands, and how it was given."""
    (kind, *command) = compose(base)[0]["healthcheck"]["test"]
    assert kind == "CMD" and command[:2] == ["bash", "-c"] and command[2].count("/8501") == 1
    command[2] = command[2].replace("/8501", f"/{port}")
    return subprocess.run(command, capture_output=True, timeout=30).returncode


@pytest.mark.process
def test_healthy_is_a_server_with_all_models_available(base, server):
    add_version(base / AWKWARD[0], "1")
    port, root = server.server_port, "/v1/models/"
    assert health(base, port) == 1
    for name in ("iris", "wine", AWKWARD[0]):
        server.answers[root + name] = status("END", "AVAILABLE")
    assert health(base, port) == 0
    for body in (
        status("LOADING"),
        status("START", "UNLOADING"),
        status("END", message='"state": "AVAILABLE"'),
        status("UNAVAILABLE"),
        "",
        None,
    ):
        for name in ("iris", "wine", AWKWARD[0]):
            good = server.answers.pop(root + name)
            if body is not None:
                server.answers[root + name] = body
            assert health(base, port) == 1, (name, body)
            server.answers[root + name] = good
    assert health(base, port) == 0


@pytest.mark.process
def test_no_server_is_not_healthy(base, server):
    port = server.server_port
    for name in ("iris", "wine"):
        server.answers[f"/v1/models/{name}"] = status("AVAILABLE")
    assert health(base, port) == 0
    server.shutdown()
    server.server_close()
    assert health(base, port) == 1


@pytest.mark.process
def test_compose_itself_takes_the_file(base, tmp_path):
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("the client `docker compose` is not installed")
    for name in AWKWARD:
        add_version(base / name, "1")
    file = tmp_path / "compose.yaml"
    file.write_text(compose_file(base, labels=True))
    done = subprocess.run(
        [docker, "compose", "-f", file, "config", "-q"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.process
def test_tensorflow_is_not_imported(base):
    code = (
        "import sys; from kerakit.serving import compose_file; compose_file(sys.argv[1])\n"
        "print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, base], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"], done.stderr
