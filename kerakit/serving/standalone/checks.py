"""All checks of an export, in order."""

from __future__ import annotations

from typing import Any

from .answer_checks import check_golden, check_repeat, latency, load
from .endpoint_checks import check_endpoints, check_warmup
from .failed import Failed, reason_of
from .graph_checks import (
    check_constants,
    check_labels,
    check_operations,
    check_signature,
    check_variables,
    read_files,
)
from .row_checks import check_batch, check_padding, check_texts
from .session_checks import check_session

__all__ = ["main"]

CHECKS = (
    ("files", read_files),
    ("variables", check_variables),
    ("operations", check_operations),
    ("signature", check_signature),
    ("labels", check_labels),
    ("preprocessing", check_constants),
    ("loads", load),
    ("golden sample", check_golden),
    ("in a session", check_session),
    ("same answer twice", check_repeat),
    ("batch size", check_batch),
    ("padding", check_padding),
    ("odd texts", check_texts),
    ("other signatures", check_endpoints),
    ("warm-up", check_warmup),
)
NEED_FUNCTION = (
    check_golden,
    check_session,
    check_repeat,
    check_batch,
    check_padding,
    check_texts,
    check_endpoints,
    check_warmup,
)


def main(folder: str) -> dict[str, Any]:
    """Run all checks of the version in `folder`; return their outcomes and the latency.

    A check is left out when a check before it did not find what it needs.
    """
    results, state = [], {"folder": folder}
    for name, function in CHECKS:
        if "function" not in state and function in NEED_FUNCTION:
            continue
        try:
            detail = function(state)
            ok = True
        except Failed as error:
            ok, detail = False, str(error)
        except Exception as error:  # any error is a fault of the export
            ok, detail = False, f"{type(error).__name__}: {reason_of(error)}"
        if detail is not None:
            results.append({"name": name, "ok": ok, "detail": detail})
        if not ok and function is read_files:
            break
    timed = "function" in state and all(result["ok"] for result in results)
    return {"checks": results, "latency": latency(state) if timed else {}}
