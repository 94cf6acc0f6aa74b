"""Environment variables that every process of a bring-up needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Fast DDS reads the first in Jazzy and older, the second from Kilted on.
_OLD_PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
_NEW_PROFILE = "FASTDDS_DEFAULT_PROFILES_FILE"
_OLD_RELEASES = ("humble", "iron", "jazzy")
# Any of these is a user's own choice of transports.
_USERS_TRANSPORTS = ("FASTDDS_BUILTIN_TRANSPORTS",)


@dataclass(frozen=True, slots=True)
class ProcessEnvironment:
    """What is added to the user's environment.

    Attributes:
        settings: names and values; none of them is set by the user.
        notes: what was left as the user has it, a sentence each.
    """

    settings: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    def variables(self) -> dict[str, str]:
        return dict(self.settings)


_ALWAYS = {
    # Pictures are allocated and freed thirty times a second; without these every one of them
    # is mapped and page-faulted anew, which costs more than all else in the process.
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(512 << 20),
    # Spinning threads of torch starve everything else on a small machine.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Nothing is fetched at run time.
    "HF_HUB_OFFLINE": "1",
}


def process_environment(share: Path, users: Mapping[str, str]) -> ProcessEnvironment:
    """What to add to the environment `users`; a variable that is set there is never changed.

    Args:
        share: the package's share folder, for the Fast DDS profile.
    """
    settings = [(name, value) for name, value in _ALWAYS.items() if name not in users]
    notes = [
        f"{name}={users[name]} is yours and stays"
        for name, value in _ALWAYS.items()
        if users.get(name, value) != value
    ]
    profile = str(share / "config" / "fastdds.xml")
    rmw = users.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp")
    own = [name for name in (*profile_variables(users), *_USERS_TRANSPORTS) if name in users]
    if not rmw.startswith("rmw_fastrtps"):
        notes.append(
            f"RMW_IMPLEMENTATION={rmw}: the Fast DDS profile is not set; "
            "give your RMW buffers for pictures of 1 MB"
        )
    elif own:
        notes += [
            f"{name}={users[name]} is yours and stays; for lossless camera streams it needs a "
            f"shared-memory transport with large segments, as in {profile}"
            for name in own
            if users[name] != profile
        ]
    else:
        settings += [(name, profile) for name in profile_variables(users)]
    return ProcessEnvironment(tuple(settings), tuple(notes))


def profile_variables(users: Mapping[str, str]) -> tuple[str, ...]:
    """Names under which Fast DDS of the user's ROS release looks for a profile."""
    release = users.get("ROS_DISTRO", "")
    if not release:
        return _OLD_PROFILE, _NEW_PROFILE
    return (_OLD_PROFILE,) if release in _OLD_RELEASES else (_NEW_PROFILE,)
