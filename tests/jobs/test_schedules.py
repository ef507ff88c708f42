"""Jobs that run by the clock: one that fails stands in nobody's way."""

import threading

from sqlalchemy import text
from sqlalchemy.orm import Session

from jobs.schedules import Job, run_schedules
from tests.world import World


def test_a_job_that_fails_does_not_starve_those_behind_it(world: World) -> None:
    stopping, ran = threading.Event(), list[int | None]()

    def broken(_: Session) -> None:
        ran.append(None)
        raise KeyError("poison")

    def behind(session: Session) -> None:
        ran.append(session.scalar(text("SELECT 1")))
        if len(ran) >= 4:
            stopping.set()

    run_schedules(world.worker, stopping, [Job("broken", 0, broken), Job("behind", 0, behind)])
    assert ran == [None, 1, None, 1]
