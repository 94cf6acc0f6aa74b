"""Reads the file that the parameter `urdf_file` names."""

from pathlib import Path

from pi0_ros.core.errors import ConfigurationError


def urdf_file_text(urdf_file: str) -> str:
    """The file's text.

    Args:
        urdf_file: absolute, or beginning with `~`; nodes are started in folders of others' choice.

    Raises:
        ConfigurationError: not absolute, no such file, or not UTF-8 text.
    """
    try:
        path = Path(urdf_file).expanduser()
        if not path.is_absolute():
            raise ConfigurationError(f"urdf_file: expected an absolute path, got {urdf_file!r}")
        # Some editors put a mark before the text, which is no part of it.
        return path.read_text(encoding="utf-8-sig")
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigurationError(f"urdf_file: {urdf_file} cannot be read: {error}") from error
