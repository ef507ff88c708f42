"""A journal that begins another epoch, as after a restore."""

from journal.epoch import begin_epoch
from tests.world import World


def begins_anew(world: World) -> str:
    """Begin another epoch; returns it as the wire has it."""
    with world.owner() as connection:
        return str(begin_epoch(connection))
