"""`VerifyReport`: the checks of an export and their outcome."""

from __future__ import annotations

import dataclasses
import pathlib

__all__ = ["Check", "VerifyReport"]


@dataclasses.dataclass(frozen=True)
class Check:
    """One check of an export and its outcome.

    Attributes:
        name: str.
        ok: bool.
        detail: str. What was found, or the fault that made the check fail.
    """

    name: str
    ok: bool
    detail: str


@dataclasses.dataclass(frozen=True, repr=False)
class VerifyReport:
    """The result of `verify`. `print(report)` shows a table; `report.ok` is the verdict.

    Attributes:
        path: `pathlib.Path` of the version's folder.
        checks: tuple of `Check`.
        latency: dict such as `{"batch 1": {"p50": 0.31, "p95": 0.40}, "batch 32": ...}`, in
            milliseconds: of a call on the CPU, or of a request to a server. Empty where a
            check failed.
        url: str, or `None`. The address of the server that answered; `None` for a fresh
            process.
    """

    path: pathlib.Path
    checks: tuple[Check, ...]
    latency: dict[str, dict[str, float]]
    url: str | None = None

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return all(check.ok for check in self.checks)

    def __repr__(self) -> str:
        lines = [f"VerifyReport of {self._subject()}", f"  {self._verdict()}"]
        lines += [f"  FAILED {check.name}: {check.detail}" for check in self.checks if not check.ok]
        lines += [f"  latency, {batch}: {times}" for batch, times in self._latency_lines()]
        return "\n".join(lines)

    def __str__(self) -> str:
        rows = [("ok" if c.ok else "FAILED", c.name, c.detail) for c in self.checks]
        rows += [("", f"latency, {batch}", times) for batch, times in self._latency_lines()]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows]
        return "\n".join([self._subject(), *lines, self._verdict()])

    def _subject(self):
        return str(self.path) if self.url is None else f"{self.path} at {self.url}"

    def _verdict(self):
        failed = sum(not check.ok for check in self.checks)
        return (
            "all checks passed" if not failed else f"{failed} of {len(self.checks)} checks FAILED"
        )

    def _latency_lines(self):
        for batch, times in self.latency.items():
            yield batch, ", ".join(f"{name} {time} ms" for name, time in times.items())
