"""The account's objects as they stand, and everything that was told about them."""

from collections import defaultdict
from typing import Any, NamedTuple

import orjson

from ingest.simulate.dice import Dice
from ingest.simulate.money.timeline import Timeline

Object = dict[str, Any]
ID_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Happening(NamedTuple):
    """An event before an endpoint's API version gives it a shape; objects as JSON."""

    at: int
    type: str
    state: bytes
    before: bytes | None  # of an update


class Account:
    """Objects have the shape of the newest API version. Fields that begin with an underscore are
    what only older versions show, or nobody: they never leave the simulator."""

    def __init__(self, dice: Dice, timeline: Timeline) -> None:
        self.dice = dice
        self.timeline = timeline
        self.objects: dict[str, dict[str, Object]] = defaultdict(dict)
        self.happened: list[Happening] = []

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return self.timeline.now

    def new_id(self, prefix: str) -> str:
        """An id as Stripe's: `cus_` and 14 letters, or 24 for most other objects."""
        length = 14 if prefix in ("cus", "prod", "si") else 24
        return f"{prefix}_{''.join(self.dice.pick(ID_LETTERS) for _ in range(length))}"

    def add(self, created: Object, event: str | None = None) -> Object:
        """Take a new object, and tell of it if there is an event for that."""
        self.objects[created["object"]][created["id"]] = created
        if event is not None:
            self.tell(event, created)
        return created

    def change(self, changed: Object, event: str | None, /, **fields: Any) -> None:
        """Set fields of an object, and tell what it was before."""
        before = orjson.dumps(changed)
        changed.update(fields)
        if event is not None:
            self.tell(event, changed, before)

    def remove(self, removed: Object, event: str) -> None:
        """Delete an object: no call finds it any more."""
        self.objects[removed["object"]].pop(removed["id"])
        self.tell(event, removed)

    def tell(self, event: str, about: Object, before: bytes | None = None) -> None:
        """Put an event into the stream: the object is shown as it is now."""
        self.happened.append(Happening(self.now, event, orjson.dumps(about), before))

    def get(self, type_: str, id_: str) -> Object:
        """An object by its id."""
        return self.objects[type_][id_]


def shown(state: Any) -> Any:
    """The object without what nobody may see."""
    if isinstance(state, dict):
        return {name: shown(value) for name, value in state.items() if name[0] != "_"}
    if isinstance(state, list):
        return [shown(value) for value in state]
    return state
