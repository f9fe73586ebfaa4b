"""The AWS command line's own idea of its calls: botocore's service models, asked strictly.

botocore itself looks at types, required members and lower bounds; what else the models say (upper bounds, patterns,
choices) is compared here, since the service refuses it as well.
"""

import re

import botocore.loaders
import botocore.model
import botocore.validate
from botocore import xform_name

_LOADER = botocore.loaders.Loader()


def operation(service: str, command: str) -> botocore.model.OperationModel:
    """`iot`, `create-job`: KeyError where there is no such call."""
    model = botocore.model.ServiceModel(_LOADER.load_service_model(service, "service-2"), service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    return model.operation_model(names[command])


def member_of(call: botocore.model.OperationModel, option: str) -> str:
    """The input member that an option of the command line sets."""
    names = {xform_name(name, "-"): name for name in call.input_shape.members}
    return names[option]


def faults(call: botocore.model.OperationModel, given: dict) -> list[str]:
    report = botocore.validate.ParamValidator().validate(given, call.input_shape)
    found = [report.generate_report()] if report.has_errors() else []
    return found + list(_strict(given, call.input_shape, call.name))


def _strict(value, shape, path):
    meta = shape.metadata
    if shape.type_name == "structure":
        for name, inner in value.items():
            if name in shape.members:
                yield from _strict(inner, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        yield from _bounds(len(value), meta, path)
        for i, inner in enumerate(value):
            yield from _strict(inner, shape.member, f"{path}[{i}]")
    elif shape.type_name == "map":
        yield from _bounds(len(value), meta, path)
        for key, inner in value.items():
            yield from _strict(key, shape.key, f"{path} key")
            yield from _strict(inner, shape.value, f"{path}.{key}")
    elif shape.type_name == "string":
        yield from _bounds(len(value), meta, path)
        if "enum" in meta and value not in meta["enum"]:
            yield f"{path}: {value!r} is none of {meta['enum']}"
        if "pattern" in meta and not re.fullmatch(_pattern(meta["pattern"]), value, re.S):
            yield f"{path}: {value!r} does not match {meta['pattern']}"
    elif shape.type_name in ("integer", "long", "double", "float"):
        yield from _bounds(value, meta, path)


def _bounds(value, meta, path):
    if "max" in meta and value > meta["max"]:
        yield f"{path}: {value} is above {meta['max']}"
    if "min" in meta and value < meta["min"]:
        yield f"{path}: {value} is below {meta['min']}"


def _pattern(java: str) -> str:
    """Java's classes of characters in Python's words."""
    return java.replace(r"[^\p{C}]", r"[^\x00-\x1f\x7f-\x9f]").replace(r"\p{L}\p{Z}\p{N}", r"\w ")
