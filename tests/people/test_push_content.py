"""How much pushes let out: by scope, or else by organisation; managers alone decide."""

from tests.world import Organisation


def test_a_manager_sets_what_the_pushes_of_a_scope_let_out(org: Organisation) -> None:
    site = org.site(admission="assigned")
    path = f"/v1/admin/scopes/{site}"
    assert org.admin.patch(path, {"push_content": "id"})["push_content"] == "id"
    assert org.admin.patch(path, {"read_receipts": True})["push_content"] == "id"
    assert org.admin.patch(path, {"push_content": None})["push_content"] is None
    org.admin.patch(path, {"push_content": "loud"}, 422)
    org.person("Bob", scopes=[site]).patch(path, {"push_content": "full"}, 403)


def test_the_organisation_s_level_stays_until_another_is_given(org: Organisation) -> None:
    assert org.admin.put("/v1/admin/privacy", {"push_content": "place"})["push_content"] == "place"
    assert org.admin.put("/v1/admin/privacy", {})["push_content"] == "place"
    org.person("Bob").put("/v1/admin/privacy", {"push_content": "full"}, 403)
