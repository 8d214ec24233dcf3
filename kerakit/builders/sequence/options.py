"""What the builders of sequence models let the user decide, checked in one place."""

import dataclasses

from kerakit.checks import check, check_choice, check_float, check_int

__all__ = ["ENCODERS", "RECURRENT", "EncoderOptions"]

RECURRENT = ("lstm", "gru", "rnn")
ENCODERS = (*RECURRENT, "transformer", "conv")


@dataclasses.dataclass(frozen=True)
class EncoderOptions:
    """The options that the builders share; `sequence_classifier` says what each means.

    Attributes:
        owner: str. The builder, for messages.

    Raises:
        ArgumentError: when a value is out of its range, or goes with another encoder.
    """

    owner: str
    encoder: str
    units: int
    layers: int
    bidirectional: bool = False
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    attention: bool = False
    heads: int = 4
    positions: str = "sinusoidal"

    def __post_init__(self):
        owner = self.owner
        check_choice(owner, "encoder", self.encoder, ENCODERS)
        check_int(owner, "units", self.units, minimum=1)
        check_int(owner, "layers", self.layers, minimum=1)
        for name in ("dropout", "recurrent_dropout"):
            check_float(owner, name, getattr(self, name), "[0.0, 1.0)")
        for name in ("bidirectional", "attention"):
            check(isinstance(getattr(self, name), bool), owner, name, "a bool", getattr(self, name))
        if self.encoder not in RECURRENT:
            for name in ("bidirectional", "recurrent_dropout"):
                expected = f"left as it is with encoder={self.encoder!r}, which is not recurrent"
                check(not getattr(self, name), owner, name, expected, getattr(self, name))
        check_choice(owner, "positions", self.positions, ("sinusoidal", "learned"))
        if self.encoder == "transformer":
            heads = check_int(owner, "heads", self.heads, minimum=1)
            expected = f"a multiple of heads={heads}, and even"
            check(self.units % heads == 0 == self.units % 2, owner, "units", expected, self.units)
