"""Windows of a time series as a column of rows, cut out only when they are asked for."""

import numpy as np

__all__ = ["Windows"]


class Windows:
    """Stretches of one series, each a row; they are no copies, however much they overlap.

    It stands where a `Table` has an array: it can be sliced and indexed by rows, which gives
    `Windows` again, and `numpy.asarray` cuts them all out.

    Args:
        series: float32 array of shape `(steps,)` or `(steps, channels)`.
        starts: int array of shape `(n,)`. The first step of each window.
        length: int in [1, inf). Steps in a window.

    Attributes:
        shape: tuple. `(n, length)` or `(n, length, channels)`.
        nbytes: int. What the series takes in memory, and so the windows.

    Example:

    >>> windows = Windows(np.arange(6.0, dtype="float32"), np.array([0, 2]), length=3)
    >>> windows.shape, np.asarray(windows[1:]).tolist()
    ((2, 3), [[2.0, 3.0, 4.0]])
    """

    def __init__(self, series, starts, length):
        self.series, self.length = series, length
        self.starts = np.asarray(starts, "int64")
        self.shape = (len(self.starts), length, *series.shape[1:])
        self.dtype, self.ndim = series.dtype, 1 + series.ndim

    @property
    def nbytes(self):
        """Bytes of the series and of the starts."""
        return self.series.nbytes + self.starts.nbytes

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, rows):
        return Windows(self.series, np.atleast_1d(self.starts[rows]), self.length)

    def __array__(self, dtype=None, copy=None):
        cut = self.series[self.starts[:, np.newaxis] + np.arange(self.length)]
        return cut if dtype is None else cut.astype(dtype)

    def reader(self):
        """Return a function from an int tensor of rows, shape `(b,)`, to these windows.

        It can be used in `tf.data` and in graphs; the series is held as one tensor.
        """
        import tensorflow as tf

        series, starts = tf.constant(self.series), tf.constant(self.starts)

        def read(rows):
            steps = tf.gather(starts, rows)[:, tf.newaxis] + tf.range(self.length, dtype=tf.int64)
            return tf.gather(series, steps)

        return read
