"""The worker's rounds, in which an alert asks the silent again."""

from typing import Any

from social.reminding import remind_the_silent
from tests.stories.notices import time_passes
from tests.world import World

BETWEEN_ROUNDS = {"minutes": 5}


def one_round(world: World) -> int:
    """One alert at the most, as the worker does in one transaction; how many had their round."""
    with world.worker.transaction() as session:
        return remind_the_silent(session)


def rounds(world: World) -> int:
    """All that are due, each in a transaction of its own."""
    done = 0
    while one_round(world):
        done += 1
    return done


def round_of(world: World, alert: dict[str, Any]) -> int:
    """Let an alert's next round be due, and do all that are."""
    world.relays()
    time_passes(world, alert, **BETWEEN_ROUNDS)
    return rounds(world)
