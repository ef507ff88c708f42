"""What a site promises to those who are there."""

from typing import Any

from tests.world import Organisation

PURPOSE = "To know who is there in an emergency."


def promises(org: Organisation, site: str, status: int = 200, **members: Any) -> Any:
    """Set a site's charter."""
    return org.admin.put(f"/v1/admin/sites/{site}/charter", {"purpose": PURPOSE, **members}, status)
