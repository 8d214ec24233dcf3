"""What `verify` finds."""

import dataclasses
import pathlib

__all__ = ["Check", "VerifyReport"]


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes:
        name: str.
        ok: bool.
        detail: str. What was found; of a check that failed, what is wrong.
    """

    name: str
    ok: bool
    detail: str


@dataclasses.dataclass(frozen=True)
class VerifyReport:
    """What `verify` found. `print(report)` shows a table.

    Attributes:
        path: `pathlib.Path` of the version's folder.
        checks: tuple of `Check`.
        latency: dict such as `{"batch 1": {"p50": 0.31, "p95": 0.40}, "batch 32": ...}`, in
            milliseconds: of a call on the CPU, or of a request to a server. Empty where the
            export does not answer as it should.
        url: str, or `None`. The server that answered; `None` for a fresh process.
    """

    path: pathlib.Path
    checks: tuple[Check, ...]
    latency: dict[str, dict[str, float]]
    url: str | None = None

    @property
    def ok(self):
        """Whether every check passed."""
        return all(check.ok for check in self.checks)

    def __str__(self):
        rows = [("ok" if c.ok else "FAILED", c.name, c.detail) for c in self.checks]
        for batch, times in self.latency.items():
            percentiles = ", ".join(f"{name} {time} ms" for name, time in times.items())
            rows.append(("", f"latency, {batch}", percentiles))
        wide = [max(len(row[column]) for row in rows) for column in (0, 1)]
        lines = [f"{a:<{wide[0]}}  {b:<{wide[1]}}  {c}".rstrip() for a, b, c in rows]
        failed = sum(not check.ok for check in self.checks)
        end = "all checks passed" if not failed else f"{failed} of {len(self.checks)} checks FAILED"
        head = str(self.path) if self.url is None else f"{self.path} at {self.url}"
        return "\n".join([head, *lines, end])
