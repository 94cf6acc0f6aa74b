"""Whether the simulated arm gets to the block that it is told to go to, scene after scene."""

from dataclasses import dataclass

from pi0_ros.sim.reach.scenes import target_of

# Time to see what happened before the next scene.
_LINGER_S = 1.5
_LONGEST_S = 10.0
# A request that was not answered is made again.
_AGAIN_S = 3.0


@dataclass(frozen=True, slots=True)
class SceneView:
    """A SceneTruth; `at_s` is when it arrived, steady clock."""

    at_s: float
    episode: int
    seed: int
    instruction: str
    touched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Try:
    """What was asked for in a scene, what was touched first (None: nothing in time), and when."""

    asked: str
    touched: str | None
    seconds: float

    @property
    def reached(self) -> bool:
        return self.touched == self.asked


@dataclass(frozen=True, slots=True)
class Say:
    """The instruction to publish now."""

    text: str


@dataclass(frozen=True, slots=True)
class NextScene:
    """The seed to reset the scene with now."""

    seed: int


class Reaching:
    """Judges by the simulation's truth and says what to do next; time comes in as an argument.

    An instruction that somebody gives stays for all later scenes; one that names no block, or
    both, is carried out by the policy as it may, and not judged.

    Attributes:
        tries: judged, in order.
    """

    def __init__(self) -> None:
        self.tries: list[Try] = []
        self._scene: SceneView | None = None
        self._given = ""
        self._told = ""
        self._began_s = 0.0
        self._ended_s: float | None = None
        self._asked_at_s: float | None = None

    @property
    def asked(self) -> str | None:
        """The block that the instruction in force names."""
        return target_of(self._told)

    def see(self, view: SceneView) -> None:
        """Takes the newest truth."""
        before, self._scene = self._scene, view
        if before is None or before.episode != view.episode:
            self._told, self._ended_s = "", None
        elif self._told and view.touched and self._ended_s is None:
            self._end(view.touched[0], view.at_s)

    def give(self, text: str) -> None:
        """An instruction from a person; where something is touched already, for the next scene."""
        self._given = text
        if self._ended_s is None:
            self._told = ""

    def next(self, now_s: float) -> Say | NextScene | None:
        """What to do now, if anything."""
        scene = self._scene
        if scene is None:
            return None
        if not self._told and scene.touched:
            # Before anything was asked for: nothing that it shows could be judged.
            return self._next_scene(now_s)
        if not self._told:
            self._told = self._given or scene.instruction
            self._began_s = now_s
            return Say(self._told)
        if self._ended_s is None and now_s - self._began_s >= _LONGEST_S:
            self._end(None, now_s)
        if self._ended_s is None:
            return None
        return None if now_s - self._ended_s < _LINGER_S else self._next_scene(now_s)

    def words(self) -> str:
        """How it is going, in one line."""
        reached = sum(each.reached for each in self.tries)
        count = f"{reached} of {len(self.tries)} reached"
        now = f"asked for {self.asked or 'no block'}"
        if self._ended_s is not None and self.tries:
            last = self.tries[-1]
            now += f", touched {last.touched or 'none'} after {last.seconds:.1f} s"
        return f"{now}; {count}"

    def _next_scene(self, now_s: float) -> NextScene | None:
        """Of the truth that is known; not again before there was time to answer."""
        asked_s = self._asked_at_s
        if self._scene is None or (asked_s is not None and now_s - asked_s < _AGAIN_S):
            return None
        self._asked_at_s = now_s
        return NextScene(self._scene.seed + 1)

    def _end(self, touched: str | None, now_s: float) -> None:
        self._ended_s = now_s
        if self.asked is not None:
            self.tries.append(Try(self.asked, touched, now_s - self._began_s))
