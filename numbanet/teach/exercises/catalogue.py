"""All exercises, in an order to do them in, and all exhibits of the museum."""

from __future__ import annotations

from collections.abc import Sequence

from ...checks import choice
from .exhibits import EXHIBITS
from .sheet import Sheet
from .sheets.activations import RELU_BACKWARD, SIGMOID, TANH
from .sheets.convolution import CONV_BACKWARD, CONV_FORWARD
from .sheets.dense import DENSE_BACKWARD, DENSE_FORWARD
from .sheets.dropout import DROPOUT
from .sheets.embedding import EMBEDDING
from .sheets.long_memory import LSTM
from .sheets.losses import CROSS_ENTROPY, MEAN_SQUARED_ERROR
from .sheets.normalization import BATCH_NORM, LAYER_NORM
from .sheets.optimizers import ADAM, MOMENTUM
from .sheets.perceptron import RULE
from .sheets.pooling import MAX_POOL
from .sheets.recurrent import RNN

EXERCISES = (
    *(RULE, DENSE_FORWARD, DENSE_BACKWARD, SIGMOID, TANH, RELU_BACKWARD, MEAN_SQUARED_ERROR, CROSS_ENTROPY),
    *(MOMENTUM, ADAM, DROPOUT, CONV_FORWARD, CONV_BACKWARD, MAX_POOL, BATCH_NORM, LAYER_NORM, EMBEDDING, RNN, LSTM),
)


class Listing(tuple[str, ...]):
    """Names; as text, a table of them with a line about each."""

    lines: Sequence[str]

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        return "\n".join(f"{name:{width}}  {line}" for name, line in zip(self, self.lines, strict=True))


def _listing(sheets: Sequence[Sheet]) -> Listing:
    made = Listing(sheet.name for sheet in sheets)
    made.lines = [sheet.line for sheet in sheets]
    return made


def exercises() -> Listing:
    """The names of the exercises, the easy ones first; printed, a table with a line about each."""
    return _listing(EXERCISES)


def museum() -> Listing:
    """The names of the bug museum's exhibits; printed, a table with a line about each."""
    return _listing(EXHIBITS)


def sheet(owner: str, name: str, sheets: Sequence[Sheet] = (*EXERCISES, *EXHIBITS)) -> Sheet:
    """The exercise or exhibit of that name. Raises ArgumentError."""
    known = {it.name: it for it in sheets}
    return known[choice(owner, "name", name, known)]
