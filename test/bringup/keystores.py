"""Keystores as SROS2 lays them out, without keys in them."""

from pathlib import Path

ENCLAVE_FILES = (
    "cert.pem",
    "key.pem",
    "identity_ca.cert.pem",
    "permissions_ca.cert.pem",
    "governance.p7s",
    "permissions.p7s",
)


def add_keystore(root: Path) -> None:
    enclaves = root / "enclaves"
    enclaves.mkdir(parents=True, exist_ok=True)
    (enclaves / "governance.p7s").touch()


def add_enclave(root: Path, name: str) -> Path:
    """The enclave's folder; `name` begins with a slash."""
    add_keystore(root)
    folder = root / "enclaves" / name.lstrip("/")
    folder.mkdir(parents=True)
    for file in ENCLAVE_FILES:
        (folder / file).touch()
    return folder
