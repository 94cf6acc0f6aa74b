"""Builds observations from fresh, valid data only, and says what is wrong otherwise."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence

from pi0_ros.core.camera_watch import CameraWatch, MotionClock
from pi0_ros.core.errors import InputRefused, ObservationNotReady
from pi0_ros.core.images import RgbImage, require_shape
from pi0_ros.core.instruction import checked_instruction
from pi0_ros.core.joint_history import JointHistory
from pi0_ros.core.joints import JointOrder
from pi0_ros.core.observation import Observation
from pi0_ros.core.observation_config import ObservationConfig
from pi0_ros.core.picture_sets import PictureSets
from pi0_ros.core.stamps import NS_PER_S, ClockWatch, StampedStream, StreamStatistics

JOINTS = "joint_states"
INSTRUCTION = "instruction"


def camera_stream(camera: str) -> str:
    return f"camera/{camera}"


class ObservationBuilder:
    """The newest of every stream. Callbacks store, the inference thread builds; all is locked.

    The observation's capture time is the oldest of the cameras' newest stamps, and its joint
    positions are the sample nearest to that, at most `joint_max_age_s` away, so that pictures and
    joints show one moment. Methods whose names begin with an underscore are called with the lock
    held.

    Attributes:
        sets: of the pictures that were taken; an observation takes one.
    """

    def __init__(self, config: ObservationConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self.sets = PictureSets(config.cameras)
        self._order = JointOrder(config.joint_names)
        self._cameras = {
            name: StampedStream(camera_stream(name), config.slowest_clock)
            for name in config.cameras
        }
        self._watches = {name: CameraWatch(config.camera_frozen_after_s) for name in config.cameras}
        self._motion = MotionClock()
        self._pictures: dict[str, tuple[int, RgbImage]] = {}
        self._joints = StampedStream(JOINTS, config.slowest_clock)
        self._joint_history = JointHistory(config.joint_history_s)
        self._instruction = ""
        self._instruction_ns = 0
        self._instructions_received = 0
        self._instructions_refused = 0
        self._refused: Counter[str] = Counter()
        self._clock = ClockWatch()

    def add_image(
        self, camera: str, stamp_ns: int, pixels: RgbImage, now_ns: int, steady_ns: int
    ) -> None:
        """Takes a decoded picture, uint8 RGB of shape (*image_shape, 3).

        Raises:
            InputRefused: kind "size", "future", "duplicate" or "older"; already counted.
        """
        with self._lock:
            self._watch_clock(now_ns)
            stream, watch = self._cameras[camera], self._watches[camera]
            self._watch_age(camera, now_ns, steady_ns)
            try:
                require_shape(pixels.shape[0], pixels.shape[1], self._config.image_shape)
                stream.accept(stamp_ns, now_ns, steady_ns)
            except InputRefused as refusal:
                self._count(stream, refusal.kind)
                watch.refused()
                raise
            watch.take(stamp_ns, pixels, self._motion)
            self._pictures[camera] = (stamp_ns, pixels)
            self.sets.came(camera, stamp_ns, steady_ns)

    def add_joint_state(
        self,
        stamp_ns: int,
        names: Sequence[str],
        positions: Sequence[float],
        now_ns: int,
        steady_ns: int,
    ) -> None:
        """Takes a joint state; joints are mapped by name.

        Raises:
            InputRefused: any kind of JointOrder.select, or "future", "duplicate", "older";
                already counted.
        """
        with self._lock:
            self._watch_clock(now_ns)
            try:
                values = self._order.select(names, positions, JOINTS)
                self._joints.accept(stamp_ns, now_ns, steady_ns)
            except InputRefused as refusal:
                self._count(self._joints, refusal.kind)
                raise
            self._joint_history.add(stamp_ns, values)
            self._motion.take(stamp_ns, values)

    def set_instruction(self, text: str, steady_ns: int) -> bool:
        """Takes an instruction; True when it differs from the one in force.

        Raises:
            InputRefused: any kind of checked_instruction; already counted, the old one stays.
        """
        with self._lock:
            try:
                checked = checked_instruction(text, self._config.instruction_max_bytes)
            except InputRefused as refusal:
                self._count_instruction(refusal.kind)
                raise
            self._instructions_received += 1
            self._instruction_ns = steady_ns
            changed = checked != self._instruction
            self._instruction = checked
            return changed

    def refuse(self, stream: str, kind: str) -> None:
        """Counts a message that the caller refused before it came here."""
        with self._lock:
            if stream == INSTRUCTION:
                self._count_instruction(kind)
                return
            known = {self._joints.name: self._joints} | {
                camera.name: camera for camera in self._cameras.values()
            }
            self._count(known[stream], kind)
            for camera, watch in self._watches.items():
                if camera_stream(camera) == stream:
                    watch.refused()

    def restart_counters(self) -> None:
        with self._lock:
            for stream in (*self._cameras.values(), self._joints):
                stream.restart_counters()
            self._instructions_received = 0
            self._instructions_refused = 0
            self._refused.clear()

    @property
    def instruction(self) -> str:
        with self._lock:
            return self._instruction

    def never_seen(self) -> tuple[str, ...]:
        """Streams of which nothing valid ever came; the instruction is not among them."""
        with self._lock:
            return tuple(
                stream.name for stream in (*self._cameras.values(), self._joints) if not stream.seen
            )

    def problems(self, now_ns: int, steady_ns: int) -> tuple[str, ...]:
        """Why no observation can be built now, one sentence a stream; empty when one can."""
        with self._lock:
            return self._problems(now_ns, steady_ns)

    def frozen(self) -> tuple[str, ...]:
        """One sentence for each camera that shows the same picture again and again."""
        with self._lock:
            return self._frozen()

    def build(self, now_ns: int, steady_ns: int) -> Observation:
        """The newest observation.

        Raises:
            ObservationNotReady: a stream is missing or stale, or shows another moment.
        """
        with self._lock:
            problems = self._problems(now_ns, steady_ns)
            if problems:
                raise ObservationNotReady(problems)
            self.sets.take()
            stamp_ns = self._capture_ns()
            return Observation(
                stamp_ns=stamp_ns,
                images={name: self._pictures[name][1] for name in self._config.cameras},
                positions=self._joint_history.nearest(stamp_ns)[1],
                instruction=self._instruction,
            )

    def statistics(self, steady_ns: int) -> tuple[StreamStatistics, ...]:
        """Cameras in configured order, then joint_states, then instruction."""
        with self._lock:
            age = -1.0
            if self._instruction:
                age = (steady_ns - self._instruction_ns) / 1e9
            instruction = StreamStatistics(
                INSTRUCTION, age, self._instructions_received, 0, self._instructions_refused
            )
            streams = (*self._cameras.values(), self._joints)
            return (*(stream.statistics(steady_ns) for stream in streams), instruction)

    def refused_by_kind(self) -> Mapping[str, int]:
        """ "<stream>: <kind>" -> messages refused for it."""
        with self._lock:
            return dict(self._refused)

    def _problems(self, now_ns: int, steady_ns: int) -> tuple[str, ...]:
        self._watch_clock(now_ns)
        problems = [*self._frozen()]
        for name, camera in self._cameras.items():
            stale = _staleness(camera, self._config.camera_max_age_s, now_ns, steady_ns)
            self._watch_age(name, now_ns, steady_ns)
            missing = self._watches[name].missing_pictures
            if stale:
                problems.append(stale)
            elif missing:
                problems.append(f"{camera.name}: {missing} more good pictures wanted after a gap")
        stale = _staleness(self._joints, self._config.joint_max_age_s, now_ns, steady_ns)
        if stale:
            problems.append(stale)
        elif len(self._pictures) == len(self._cameras):
            problems += self._apart()
        if not self._instruction:
            problems.append("instruction: none received yet; publish one on the topic instruction")
        return tuple(problems)

    def _frozen(self) -> tuple[str, ...]:
        return tuple(
            f"{camera_stream(name)}: frozen, the same picture again and again while the arm moves "
            "(camera_frozen_after)"
            for name, watch in self._watches.items()
            if watch.frozen
        )

    def _watch_age(self, camera: str, now_ns: int, steady_ns: int) -> None:
        """A picture that comes after a gap must not make the gap unseen."""
        age_s = self._cameras[camera].age_s(now_ns, steady_ns)
        if age_s is not None and not age_s <= self._config.camera_max_age_s:
            self._watches[camera].lost()

    def _capture_ns(self) -> int:
        return min(stamp for stamp, _ in self._pictures.values())

    def _apart(self) -> tuple[str, ...]:
        """Why pictures and joints show no common moment; empty where they do."""
        apart_s = self._joint_history.nearest(self._capture_ns())[0] / NS_PER_S
        if apart_s <= self._config.joint_max_age_s:
            return ()
        return (
            f"{JOINTS}: none near the oldest picture, {apart_s:.2f} s away (at most joint_max_age, "
            f"{self._config.joint_max_age_s} s)",
        )

    def _watch_clock(self, now_ns: int) -> None:
        """Forgets everything when ROS time steps back: stamps of two times do not mix."""
        if self._clock.set_back(now_ns):
            for stream in (*self._cameras.values(), self._joints):
                stream.forget()
            for watch in self._watches.values():
                watch.forget()
            self._motion.forget()
            self._pictures.clear()
            self.sets.forget()
            self._joint_history.clear()

    def _count(self, stream: StampedStream, kind: str) -> None:
        stream.refuse()
        self._refused[f"{stream.name}: {kind}"] += 1

    def _count_instruction(self, kind: str) -> None:
        self._instructions_refused += 1
        self._refused[f"{INSTRUCTION}: {kind}"] += 1


def _staleness(stream: StampedStream, max_age_s: float, now_ns: int, steady_ns: int) -> str:
    age_s = stream.age_s(now_ns, steady_ns)
    if age_s is None:
        return f"{stream.name}: nothing valid received yet"
    if not age_s <= max_age_s:
        return f"{stream.name}: stale, {age_s:.2f} s old (at most {max_age_s} s)"
    return ""
