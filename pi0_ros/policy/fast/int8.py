"""Layers whose matrices are kept as int8: half the memory of bfloat16, and other numbers.

Each output of a matrix has a scale of its own, so that its largest weight is 127: weights are off
by at most half of a 127th of that. Products are not in int8: a matrix is made dense when it is
read, which costs time where there is no lack of memory.
"""

from torch import Tensor

from pi0_ros.policy.fast.layers import GemmaLayer

_LARGEST = 127.0


class Int8Matrix:
    """
    Args:
        matrix: its outputs along dimension 1 - `inputs`.
        inputs: the dimension that a product sums over.
    """

    def __init__(self, matrix: Tensor, inputs: int) -> None:
        scale = matrix.float().abs().amax(inputs, keepdim=True) / _LARGEST
        # An output of zeros alone stays one.
        scale = scale.where(scale > 0.0, scale.new_ones(()))
        self._values = (matrix.float() / scale).round_().char()
        self._scale = scale.to(matrix.dtype)

    def dense(self) -> Tensor:
        return self._values.to(self._scale.dtype).mul_(self._scale)


class Int8Layer:
    """A GemmaLayer to everyone who reads it; each reading makes a matrix anew."""

    def __init__(self, layer: GemmaLayer) -> None:
        self.norm1, self.norm2 = layer.norm1, layer.norm2
        self._qkv = Int8Matrix(layer.qkv, inputs=0)
        self._out = Int8Matrix(layer.out, inputs=0)
        self._gate_up = Int8Matrix(layer.gate_up, inputs=1)
        self._down = Int8Matrix(layer.down, inputs=0)

    @property
    def qkv(self) -> Tensor:
        return self._qkv.dense()

    @property
    def out(self) -> Tensor:
        return self._out.dense()

    @property
    def gate_up(self) -> Tensor:
        return self._gate_up.dense()

    @property
    def down(self) -> Tensor:
        return self._down.dense()
