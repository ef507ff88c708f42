"""Weekly hours of every kind."""

from typing import Any

from tests.stories.times import later

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALWAYS = {"timezone": "UTC", "weekly": [{"days": EVERY_DAY, "from": "00:00", "to": "00:00"}]}


def never_now() -> dict[str, Any]:
    """Hours of one day, the day after tomorrow."""
    day = later(days=2).strftime("%a").lower()
    return {"timezone": "UTC", "weekly": [{"days": [day], "from": "08:00", "to": "17:00"}]}
