"""The server's record of a request, `tensorflow.serving.PredictionLog`.

The messages are declared here with the field numbers of TensorFlow Serving's `apis/*.proto`.
So neither writing nor checking a warm-up file needs the package `tensorflow-serving-api`. The
messages `TensorProto` and `Example` are declared as bytes, and the map of inputs as a list of
entries: the bytes on the wire are the same.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["PredictionLog"]

_FIELDS = {
    "ModelSpec": {"name": (1, "string"), "signature_name": (3, "string")},
    "Entry": {"key": (1, "string"), "value": (2, "bytes")},
    "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, "Entry*")},
    "PredictLog": {"request": (1, "PredictRequest")},
    "ExampleList": {"examples": (1, "bytes*")},
    "Input": {"example_list": (1, "ExampleList")},
    # Requests to classify and to regress have the same fields.
    "ExamplesRequest": {"model_spec": (1, "ModelSpec"), "input": (2, "Input")},
    "ExamplesLog": {"request": (1, "ExamplesRequest")},
    "PredictionLog": {
        "classify_log": (2, "ExamplesLog"),
        "regress_log": (3, "ExamplesLog"),
        "predict_log": (6, "PredictLog"),
    },
}


def _declared():
    field_type = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="prediction_log.proto", package="record", syntax="proto3"
    )
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for key, (number, kind) in fields.items():
            repeated, kind = kind.endswith("*"), kind.rstrip("*")
            field = message.field.add(name=key, number=number)
            field.label = field_type.LABEL_REPEATED if repeated else field_type.LABEL_OPTIONAL
            if kind in ("string", "bytes"):
                field.type = getattr(field_type, f"TYPE_{kind.upper()}")
            else:
                field.type, field.type_name = field_type.TYPE_MESSAGE, f".record.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("record.PredictionLog"))


PredictionLog = _declared()
