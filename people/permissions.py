"""What may be done, as `scope:resource:action`, and which standing may do it.

A person's standing in a scope is one of
    administrator   of the organisation: everywhere in it but in groups and direct conversations
    manager         of the scope itself or of the site that it belongs to
    member          follows the scope
    reader          the scope is open: may read, has not joined
    outsider        may know that it exists, nothing more

A service, which is a program, is nothing by itself: it may what its token was given, and nothing else.

Beside what they are, people are given roles (`people/roles/`), for the whole organisation or for a scope and its parts:
those of `GIVEN`, or ones that the organisation makes of permissions. An administrator is one by their account, and a
manager by their membership; all others come with the actor, as grants.

A person's role is member, visitor or organisation_administrator. A visitor is here for some hours and belongs to
nothing but the scopes that they were let into: not to the organisation as a whole, and to no open scope.
"""

from enum import StrEnum

ADMINISTRATOR = "organisation_administrator"
VISITOR = "visitor"
SERVICE = "service"
SITE_MANAGER = "site_manager"
MODERATOR = "moderator"
WARDEN = "warden"
COMPLIANCE_OFFICER = "compliance_officer"


class Permission(StrEnum):
    """One thing that a route may ask for."""

    ACCOUNT_USE = "me:account:use"
    PRIVACY_MANAGE = "organisation:privacy:manage"
    PEOPLE_MANAGE = "organisation:people:manage"
    PUSH_MANAGE = "organisation:push:manage"
    SITES_CREATE = "organisation:sites:create"
    ROLES_MANAGE = "organisation:roles:manage"
    SERVICES_MANAGE = "organisation:services:manage"
    POLICY_MANAGE = "organisation:policy:manage"
    SHARED_DEVICES_MANAGE = "organisation:shared_devices:manage"
    HELD_BACK_MANAGE = "organisation:held_back:manage"
    AUDIT_READ = "organisation:audit:read"
    AUDIT_EXPORT = "organisation:audit:export"
    ROLES_GIVE = "role:grants:give"
    PLACES_READ = "site:places:read"
    PLACES_EDIT = "site:places:edit"
    MEMBERS_MANAGE = "site:members:manage"
    VISITS_READ = "site:visits:read"
    VISITS_EDIT = "site:visits:edit"
    MARKERS_MANAGE = "site:markers:manage"
    MUSTERS_RUN = "site:musters:run"
    CHARTER_EDIT = "site:charter:edit"
    OCCUPANCY_READ = "site:occupancy:read"
    SCOPES_EDIT = "scope:settings:edit"
    SCOPES_JOIN = "scope:membership:join"
    POSTS_READ = "scope:posts:read"
    POSTS_WRITE = "scope:posts:write"
    POSTS_MODERATE = "scope:posts:moderate"
    ANNOUNCE = "scope:announcements:write"
    ALERT = "scope:alerts:raise"


class Standing(StrEnum):
    """What a person is to a scope, from most to least."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    MEMBER = "member"
    READER = "reader"
    OUTSIDER = "outsider"


_READER = frozenset({Permission.POSTS_READ, Permission.SCOPES_JOIN})
_MEMBER = frozenset({Permission.POSTS_READ, Permission.POSTS_WRITE, Permission.SCOPES_JOIN})
_MANAGER = _MEMBER | {
    Permission.PLACES_READ,
    Permission.PLACES_EDIT,
    Permission.MEMBERS_MANAGE,
    Permission.VISITS_READ,
    Permission.VISITS_EDIT,
    Permission.MARKERS_MANAGE,
    Permission.MUSTERS_RUN,
    Permission.CHARTER_EDIT,
    Permission.OCCUPANCY_READ,
    Permission.SCOPES_EDIT,
    Permission.POSTS_MODERATE,
    Permission.ANNOUNCE,
    Permission.ALERT,
    Permission.ROLES_GIVE,
}
# What is kept to watch over administrators, too, is not theirs.
_ADMINISTRATOR = frozenset(Permission) - {Permission.AUDIT_EXPORT}
GRANTED: dict[Standing, frozenset[Permission]] = {
    Standing.ADMINISTRATOR: _ADMINISTRATOR,
    Standing.MANAGER: _MANAGER,
    Standing.MEMBER: _MEMBER,
    Standing.READER: _READER,
    Standing.OUTSIDER: frozenset(),
}

# The roles that are given, and what each of them allows where it is. A compliance officer names others, and an
# administrator, who lacks what an officer has, names none.
GIVEN: dict[str, frozenset[Permission]] = {
    ADMINISTRATOR: _ADMINISTRATOR,
    SITE_MANAGER: _MANAGER,
    MODERATOR: frozenset({Permission.POSTS_READ, Permission.POSTS_MODERATE}),
    WARDEN: frozenset(
        {Permission.PLACES_READ, Permission.VISITS_READ, Permission.OCCUPANCY_READ, Permission.MUSTERS_RUN}
    ),
    COMPLIANCE_OFFICER: frozenset({Permission.AUDIT_READ, Permission.AUDIT_EXPORT, Permission.ROLES_GIVE}),
}

# What a role allows without naming a scope; all else is asked of a scope.
ORGANISATION_WIDE: dict[str, frozenset[Permission]] = {
    "member": frozenset({Permission.ACCOUNT_USE}),
    VISITOR: frozenset({Permission.ACCOUNT_USE}),
    SERVICE: frozenset(),
    ADMINISTRATOR: _ADMINISTRATOR,
}


def is_organisation_wide(permission: Permission) -> bool:
    """Whether it is asked of the organisation as a whole, or of oneself, and of no scope."""
    return permission.startswith(("organisation:", "me:"))


def tells_of_scopes(permission: Permission) -> bool:
    """Whether it is asked of scopes, so that who has it somewhere knows of what is there."""
    return permission.startswith(("site:", "scope:"))
