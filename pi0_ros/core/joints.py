"""Joint values by name, whatever order a message carries them in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pi0_ros.core.arrays import FloatArray, frozen, require_unique_names
from pi0_ros.core.errors import InputRefused


class JointOrder:
    """Picks the configured joints out of messages; other joints are ignored.

    The mapping of the last message's names is kept, since it hardly ever changes.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = require_unique_names(names, "joint_names")
        self._seen: tuple[str, ...] = ()
        self._columns: NDArray[np.intp] = np.zeros(0, dtype=np.intp)

    def select(self, names: Sequence[str], values: Sequence[float], what: str) -> FloatArray:
        """Values of the configured joints in configured order, shape (joints,), read-only.

        Args:
            names: joint names as the message has them.
            values: one value per name.
            what: what the values are, for the error's text.

        Raises:
            InputRefused: kind "joint doubled", "joint missing", "length" or "not finite".
        """
        if len(values) != len(names):
            raise InputRefused("length", f"{what}: {len(values)} values for {len(names)} joints")
        picked = frozen(np.asarray(values, dtype=np.float64)[self.columns(names, what)])
        if not bool(np.all(np.isfinite(picked))):
            bad = [
                name
                for name, value in zip(self.names, picked.tolist(), strict=True)
                if not np.isfinite(value)
            ]
            raise InputRefused("not finite", f"{what}: {', '.join(bad)} not finite")
        return picked

    def columns(self, names: Sequence[str], what: str) -> NDArray[np.intp]:
        """Index of each configured joint in `names`, shape (joints,).

        Raises:
            InputRefused: kind "joint doubled" or "joint missing".
        """
        key = tuple(names)
        if key != self._seen or not key:
            doubled = sorted({name for name in key if key.count(name) > 1})
            if doubled:
                raise InputRefused("joint doubled", f"{what}: {', '.join(doubled)} named twice")
            absent = [name for name in self.names if name not in key]
            if absent:
                raise InputRefused(
                    "joint missing",
                    f"{what}: no {', '.join(absent)} among {', '.join(key) or 'no names'}; "
                    "see the parameter joint_names",
                )
            self._columns = np.array([key.index(name) for name in self.names], dtype=np.intp)
            self._seen = key
        return self._columns
