"""The part of this process in a search: alone, the chief, or a worker of KerasTuner."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Literal

from kerakit.errors import ArgumentError, RunError

__all__ = ["Role", "address", "role", "wait_for_chief"]

Role = Literal["alone", "chief", "worker"]
WAIT = 600.0  # seconds that a worker waits for its chief, which reads the data first
_IP, _PORT, _ID = "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT", "KERASTUNER_TUNER_ID"


def role(owner: str) -> Role:
    """Return the part of this process, by the environment variables of KerasTuner.

    Args:
        owner: str. What the user called, for the error.

    Raises:
        ArgumentError: when some of the variables are missing.
    """
    if _IP not in os.environ:
        return "alone"
    missing = [name for name in (_PORT, _ID) if not os.environ.get(name)]
    if missing:
        raise ArgumentError(
            f"{owner}: the environment has {_IP}, but not {' and '.join(missing)}. A search by "
            f"several processes needs all three: {_ID} is chief for the one that hands out the "
            "trials, and another name for each worker."
        )
    return "chief" if "chief" in os.environ[_ID] else "worker"


def address() -> str:
    """Return where the chief answers, as `IP:PORT`."""
    return f"{os.environ[_IP]}:{os.environ[_PORT]}"


def wait_for_chief(owner: str, is_over: Callable[[], bool], wait: float = WAIT) -> bool:
    """Wait until the chief answers; return `False` where the search is over without this worker.

    Args:
        owner: str. What the user called, for the error.
        is_over: function that says whether the chief has finished.
        wait: float. Seconds. Defaults to ten minutes.

    Raises:
        RunError: when no chief answers.
    """
    import grpc

    end = time.monotonic() + wait
    while time.monotonic() < end:
        with grpc.insecure_channel(address()) as channel:
            try:
                grpc.channel_ready_future(channel).result(timeout=min(2.0, wait))
                return True
            except grpc.FutureTimeoutError:
                if is_over():
                    return False
    raise RunError(
        f"{owner}: no chief answers at {address()}. Start the same command with {_ID}=chief and "
        f"the same {_IP} and {_PORT}."
    )
