"""Who has which part in a scope, and what a scope lets out."""

from tests.world import Organisation, Phone


def manager(org: Organisation, name: str, scope: str) -> Phone:
    """Somebody new who manages a scope."""
    phone = org.person(name)
    org.admin.put(f"/v1/admin/scopes/{scope}/memberships/{phone.id}", {"role": "manager"})
    return phone


def lets_out(org: Organisation, scope: str, content: str) -> None:
    """Say how much of a scope's words a push may carry."""
    org.admin.patch(f"/v1/admin/scopes/{scope}", {"push_content": content})
