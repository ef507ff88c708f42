"""What somebody may do in a scope and in all its parts: so much, and no more, may they hand on."""

from people.actor import Actor
from people.audience.sight import ScopeInSight
from people.permissions import Permission, Standing


def allowed_throughout(actor: Actor, scope: ScopeInSight) -> frozenset[Permission]:
    """As the name says. Who merely belongs to a place may nothing in its parts, and what is handed on reaches those."""
    if scope.id == actor.organisation_id:
        return actor.organisation_wide
    runs = scope.standing in (Standing.ADMINISTRATOR, Standing.MANAGER)
    return scope.allowed if runs else scope.given
