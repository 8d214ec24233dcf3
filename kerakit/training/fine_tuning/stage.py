"""The result of one stage of fine-tuning."""

from __future__ import annotations

import dataclasses
from typing import Any

__all__ = ["StageResult"]


@dataclasses.dataclass
class StageResult:
    """The result of one stage of fine-tuning.

    Attributes:
        stage: str. `"head"`, `"last_blocks"` or `"full"`.
        epochs: int. The epochs that were trained; 1 for a solved head.
        val_accuracy, val_loss: float, or `None` without a validation split.
        kept: bool. Whether the model keeps the weights of the stage.
        fall: float or `None`. By how much the stage lowered the validation loss; `None` for the
            first stage and without a validation split.
        standard_error: float or `None`. The standard error of `fall`; `None` where it is unknown.
        C: float or `None`. The inverse of the penalty of a solved head, as in scikit-learn.
        refitted: bool. Whether a solved head was solved once more, on training and validation
            images together, after its metrics were taken.
        cpu_seconds: float.
    """

    stage: str
    epochs: int
    val_accuracy: float | None = None
    val_loss: float | None = None
    kept: bool = True
    fall: float | None = None
    standard_error: float | None = None
    C: float | None = None
    refitted: bool = False
    cpu_seconds: float = 0.0

    @property
    def solved(self) -> bool:
        """Whether the stage is a linear head that was solved, not trained by epochs."""
        return self.C is not None

    def as_dict(self) -> dict[str, Any]:
        """Return the attributes as JSON values, without those that do not apply to the stage.

        Example:

        >>> StageResult("head", 1, 0.9, 0.25, C=0.1, cpu_seconds=2.0).as_dict()
        {'stage': 'head', 'epochs': 1, 'val_accuracy': 0.9, 'val_loss': 0.25, 'kept': True, \
'C': 0.1, 'cpu_seconds': 2.0}
        """
        values = dataclasses.asdict(self)
        if self.fall is None:
            del values["fall"], values["standard_error"]
        if not self.solved:
            del values["C"]
        if not self.refitted:
            del values["refitted"]
        return values

    def line(self) -> str:
        """Return a line about the stage for the log."""
        words = f"{self.stage}: "
        if self.val_loss is not None:
            words += f"val_accuracy {self.val_accuracy:.4g}  val_loss {self.val_loss:.4g}  "
        kept = ""
        if self.fall is not None:
            error = "" if self.standard_error is None else f" +- {self.standard_error:.2g}"
            words += f"lower by {self.fall:.2g}{error}  "
            if not self.kept:
                chance = "that may be chance" if self.fall > 0 else "it did not lower the loss"
                kept = f", not kept: {chance}"
        return f"{words}({self.cpu_seconds:.1f} CPU s{kept})"
