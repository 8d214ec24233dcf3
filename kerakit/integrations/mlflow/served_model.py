"""The served model as `mlflow.pyfunc` loads it.

MLflow imports this module by the name that `log_run` wrote into the model, so it must not move.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from kerakit.serving.answering.columns import answer_columns
from kerakit.serving.served import Served, load_served

if TYPE_CHECKING:
    import pandas

__all__ = ["ServedModel"]


class ServedModel:
    """`kk.load_served` behind the interface of `mlflow.pyfunc`.

    Args:
        served: `Served`.
    """

    def __init__(self, served: Served) -> None:
        self.served = served

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pandas.DataFrame:
        """Answer rows as `kk.load_served(path)` answers them, as a frame.

        Args:
            model_input: rows in any form that `kk.load_served(path)` takes.
            params: not used.

        Returns:
            `pandas.DataFrame` with the index of the rows where these are one.
        """
        import pandas

        answer = self.served(model_input)
        if isinstance(answer, pandas.DataFrame):
            return answer
        return pandas.DataFrame(answer_columns(answer, self.served.spec))


def _load_pyfunc(path: str | os.PathLike[str]) -> ServedModel:
    """Load an export; MLflow calls the function by this name."""
    return ServedModel(load_served(path))
