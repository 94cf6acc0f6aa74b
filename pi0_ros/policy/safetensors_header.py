"""What a safetensors file says it holds, read without the weights.

Format: 8 bytes little-endian length of the header, the header as JSON (tensor name -> dtype,
shape, begin and end of its data), the data. https://github.com/huggingface/safetensors#format
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pi0_ros.core.errors import CheckpointError

_LENGTH_BYTES = 8
_LARGEST_HEADER_BYTES = 100_000_000
_DTYPE_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """One tensor of the file: dtype as the format writes it ("F32", "BF16") and its shape."""

    dtype: str
    shape: tuple[int, ...]


def read_header(path: Path) -> dict[str, TensorHeader]:
    """Tensor name -> dtype and shape, in the order of the data.

    Raises:
        CheckpointError: no such file, or its header, sizes and length do not agree: truncated or
            damaged. The message names the tensor where one is concerned.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; a checkpoint needs its weights there")
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if size < _LENGTH_BYTES or length > min(size - _LENGTH_BYTES, _LARGEST_HEADER_BYTES):
            raise CheckpointError(
                f"{path}: not a complete safetensors file: {size} bytes cannot hold a header of "
                f"{length}; copy it again"
            )
        text = file.read(length)
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise CheckpointError(f"{path}: damaged header ({error}); copy the file again") from error
    if not isinstance(entries, dict):
        raise CheckpointError(f"{path}: damaged header: not a table of tensors")
    entries.pop("__metadata__", None)
    if not entries:
        raise CheckpointError(f"{path}: holds no tensor at all")
    return _checked(path, entries, size - _LENGTH_BYTES - length)


def _checked(path: Path, entries: dict[str, object], data_bytes: int) -> dict[str, TensorHeader]:
    spans = {name: _span(path, name, entry) for name, entry in entries.items()}
    result: dict[str, TensorHeader] = {}
    expected_begin = 0
    for name, (header, begin, end) in sorted(spans.items(), key=lambda item: item[1][1:]):
        elements = 1
        for extent in header.shape:
            elements *= extent
        if begin != expected_begin or end - begin != elements * _DTYPE_BYTES[header.dtype]:
            raise CheckpointError(
                f"{path}: damaged: the data of tensor {name!r} ({header.dtype}, shape "
                f"{list(header.shape)}) is said to lie at {begin} to {end}"
            )
        if end > data_bytes:
            raise CheckpointError(
                f"{path}: truncated: tensor {name!r} ends at byte {end} of the data, but only "
                f"{data_bytes} are there; copy the file again"
            )
        result[name] = header
        expected_begin = end
    if expected_begin != data_bytes:
        raise CheckpointError(
            f"{path}: damaged: {data_bytes} bytes of data where the tensors take {expected_begin}"
        )
    return result


def _span(path: Path, name: str, entry: object) -> tuple[TensorHeader, int, int]:
    try:
        dtype, shape = entry["dtype"], tuple(entry["shape"])  # type: ignore[index]
        begin, end = entry["data_offsets"]  # type: ignore[index]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged header entry of tensor {name!r}") from error
    if not isinstance(dtype, str) or dtype not in _DTYPE_BYTES:
        raise CheckpointError(
            f"{path}: tensor {name!r} has dtype {dtype}; expected one of "
            f"{', '.join(_DTYPE_BYTES)} (quantised weights are not supported)"
        )
    if not all(isinstance(value, int) and value >= 0 for value in (*shape, begin, end)):
        raise CheckpointError(f"{path}: damaged header entry of tensor {name!r}")
    return TensorHeader(dtype, shape), begin, end
