"""Windows of a time series as the rows of a column, copied only when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Windows"]


class Windows:
    """The windows of one series, one a row, without copies of the steps they have in common.

    `Windows` take the place of an array in a `Table`. A slice or an index array of rows gives
    `Windows` again; `numpy.asarray` copies all windows into one array.

    Args:
        series: float32 array of shape `(steps,)` or `(steps, channels)`.
        starts: int array of shape `(n,)`. The first step of each window.
        length: int in [1, inf). Steps in a window.
        times: int64 array of shape `(n,)`, or `None`. The time of the first step of each window,
            in microseconds since 1970. Defaults to `None`.

    Attributes:
        shape: tuple. `(n, length)` or `(n, length, channels)`.
        nbytes: int. How many bytes the series and the starts take in memory.

    Example:

    >>> windows = Windows(np.arange(6.0, dtype="float32"), np.array([0, 2]), length=3)
    >>> windows.shape, np.asarray(windows[1:]).tolist()
    ((2, 3), [[2.0, 3.0, 4.0]])
    """

    def __init__(
        self, series: np.ndarray, starts: Any, length: int, times: np.ndarray | None = None
    ) -> None:
        self.series, self.length, self.times = series, length, times
        self.starts = np.asarray(starts, "int64")
        self.shape = (len(self.starts), length, *series.shape[1:])
        self.dtype, self.ndim = series.dtype, 1 + series.ndim

    @property
    def nbytes(self) -> int:
        """Bytes of the series and of the starts."""
        return self.series.nbytes + self.starts.nbytes

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: Any) -> Windows:
        times = None if self.times is None else np.atleast_1d(self.times[rows])
        return Windows(self.series, np.atleast_1d(self.starts[rows]), self.length, times)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        windows = self.series[self.starts[:, np.newaxis] + np.arange(self.length)]
        return windows if dtype is None else windows.astype(dtype)

    def reader(self) -> Callable:
        """Return a function from an int tensor of rows, shape `(b,)`, to these windows.

        The function can be used in `tf.data` and in graphs. The series is one tensor there.
        """
        import tensorflow as tf

        series, starts = tf.constant(self.series), tf.constant(self.starts)

        def read(rows):
            steps = tf.gather(starts, rows)[:, tf.newaxis] + tf.range(self.length, dtype=tf.int64)
            return tf.gather(series, steps)

        return read
