"""Keeps the `datasets` library from drawing progress bars and from leaving copies behind."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import datasets

from pi0_ros.policy.quiet_libraries import quiet_libraries


@contextlib.contextmanager
def quiet_datasets(cache: Path | None = None) -> Iterator[None]:
    """Within: silence, and what the library copies while it reads goes to `cache`.

    It otherwise copies every file it reads into a cache in the home folder, pictures included,
    and never deletes them.

    Args:
        cache: None: a temporary folder that ends with this.
    """
    with contextlib.ExitStack() as stack:
        where = cache or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        before, bars = datasets.config.HF_DATASETS_CACHE, datasets.are_progress_bars_disabled()
        datasets.config.HF_DATASETS_CACHE = where
        datasets.disable_progress_bars()
        stack.enter_context(quiet_libraries())
        try:
            yield
        finally:
            datasets.config.HF_DATASETS_CACHE = before
            if not bars:
                datasets.enable_progress_bars()
