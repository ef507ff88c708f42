"""Names, addresses and passwords as people type them: in parts, in capitals, with spaces, with nothing to see."""

import unicodedata
from typing import Any
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.codes import code_svg
from base import ids
from people.accounts.organisations import create_organisation
from people.sign_in.passwords import hash_password
from tests.stories.texts import UNSEEN
from tests.world import Organisation, Phone, World, feature, square

PASSWORD = "비밀번호는 길어야 한다"
IN_PARTS = unicodedata.normalize("NFD", PASSWORD)


def joins(org: Organisation, email: str, password: str, status: int = 201, name: str = "Min") -> Any:
    code = org.admin.post("/v1/admin/invitations", {"role": "member"}, 201)["code"]
    phone = Phone(org, "Min")
    body = {"code": code, "email": email, "name": name, "password": password, "device": phone.app}
    return phone.post("/v1/invitations/accept", body, status)


def signs_in(org: Organisation, slug: str, email: str, password: str) -> int:
    phone = Phone(org, "Min")
    body = {"organisation": slug, "email": email, "password": password, "device": phone.app}
    return phone.request("POST", "/v1/sessions", body).status_code


@pytest.mark.parametrize(("chosen", "typed"), [(PASSWORD, IN_PARTS), (IN_PARTS, PASSWORD)])
def test_a_password_is_the_same_from_a_mac_and_from_a_phone(
    org: Organisation, chosen: str, typed: str
) -> None:
    joins(org, "min@example.com", chosen)
    assert signs_in(org, org.slug, "min@example.com", typed) == 201
    assert signs_in(org, org.slug, "min@example.com", typed + " ") == 401


def test_space_and_capitals_around_organisation_and_address_do_not_matter(org: Organisation) -> None:
    joins(org, " Min@Example.com ", PASSWORD)
    assert signs_in(org, f" {org.slug.upper()} ", "MIN@example.COM\t", PASSWORD) == 201


@pytest.mark.parametrize(
    "email", ["m\u0130n@example.com", "MIN@example.com", unicodedata.normalize("NFD", "é@example.com")]
)
def test_an_address_twice_in_a_row_is_taken_the_second_time(org: Organisation, email: str) -> None:
    joins(org, email, PASSWORD)
    assert joins(org, email, PASSWORD, 409)["code"] == "email_taken"
    assert joins(org, " " + unicodedata.normalize("NFC", email), PASSWORD, 409)["code"] == "email_taken"


@pytest.mark.parametrize("unseen", [*UNSEEN.strip(), UNSEEN])
def test_names_and_posts_of_nothing_but_unseen_characters_are_refused(org: Organisation, unseen: str) -> None:
    site = org.site()
    refused = [
        org.admin.request("PATCH", "/v1/me", {"name": unseen}),
        org.admin.request("POST", f"/v1/scopes/{org.id}/posts", {"text": unseen}),
        org.admin.request("POST", "/v1/admin/sites", feature(square(127, 37.5, 0.001), name=unseen)),
        org.admin.request("POST", f"/v1/admin/places/{site}/markers", {"kind": "printed", "name": unseen}),
        org.admin.request("POST", f"/v1/admin/places/{site}/announcements", {"text": unseen}),
        org.admin.request("POST", f"/v1/admin/places/{site}/musters", {"message": unseen}),
    ]
    assert {answer.status_code for answer in refused} <= {422, 404}
    assert [answer.status_code for answer in refused].count(422) >= 5


def test_an_external_id_in_parts_is_the_same_place(org: Organisation) -> None:
    name = "본관-1"
    body = feature(square(127, 37.5, 0.001), name="Depot", external_id=name)
    org.admin.post("/v1/admin/sites", body, 201)
    body["properties"]["external_id"] = unicodedata.normalize("NFD", name)
    assert org.admin.post("/v1/admin/sites", body, 409)["code"] == "external_id_taken"
    kind = {"type": "FeatureCollection", "features": [body]}
    (result,) = org.admin.post("/v1/admin/places/import", kind)["items"]
    assert result["outcome"] == "unchanged"


def test_a_name_is_kept_whole_and_trimmed(org: Organisation) -> None:
    given = "  " + unicodedata.normalize("NFD", "김  민아") + " "
    assert org.admin.patch("/v1/me", {"name": given})["person"]["name"] == "김 민아"
    fault = org.admin.patch("/v1/me", {"name": "Ada\u202egnp.exe"}, 422)
    assert fault["errors"][0]["pointer"] == "/name"


def test_another_form_of_a_name_is_no_other_account_to_guess_at(org: Organisation) -> None:
    tries = ["admin@example.com", "ADMIN@example.com", "adm\u0130n@example.com", " admin@example.com"]
    answers = [signs_in(org, org.slug, tries[n % 4], "a guess that is wrong") for n in range(12)]
    assert answers == [401] * 10 + [429] * 2


def test_an_operator_may_type_the_first_administrators_address_as_well(world: World) -> None:
    slug = f"typed-{ids.new_id()}"
    typed = unicodedata.normalize("NFD", " Zo\u00e9@Example.com ")
    hashed = hash_password(PASSWORD)
    with world.worker.transaction() as session:
        made, _ = create_organisation(
            session, slug, "Typed", email=typed, administrator="Zoé", password_hash=hashed
        )
    assert signs_in(Organisation(world, made, slug), slug, "zo\u00e9@example.com", PASSWORD) == 201


UNPLAIN = [
    "\u202e",
    "\u2066",
    "\u200b",
    "\x00",
    "\x1b",
    "\x7f",
    "\ufffe",
    "\u3164",
    "\u200d",
    "\ufe0f",
    "\u034f",
    "\U000e0041",
]


@pytest.mark.parametrize("bad", UNPLAIN)
def test_no_name_of_anything_has_what_steers_or_is_not_seen(org: Organisation, bad: str) -> None:
    name, site, phone = f"Al{bad}ice", org.site(), Phone(org, "Min")
    code = org.admin.post("/v1/admin/invitations", {}, 201)["code"]
    app = {"installation_id": "an-installation", "platform": "ios"}
    account = {
        "code": code,
        "email": "alice@example.com",
        "name": "Alice",
        "password": PASSWORD,
        "device": app,
    }
    drawn = feature(square(127, 37.5, 0.0001), name=name)
    marker = {"kind": "printed", "name": name}
    refused = {
        "/name": [
            (org.admin, "PATCH", "/v1/me", {"name": name}),
            (phone, "POST", "/v1/invitations/accept", account | {"name": name}),
            (phone, "POST", "/v1/visitors", {"code": "HB1.x", "name": name, "device": app}),
            (org.admin, "POST", f"/v1/admin/places/{site}/markers", marker),
        ],
        "/properties/name": [
            (org.admin, "POST", "/v1/admin/sites", drawn),
            (org.admin, "POST", f"/v1/admin/sites/{site}/zones", drawn),
            (
                org.admin,
                "PATCH",
                f"/v1/admin/sites/{site}",
                {"type": "Feature", "properties": {"name": name}},
            ),
            (org.admin, "POST", f"/v1/admin/sites/{site}/drafts", drawn),
        ],
        "/properties/external_id": [
            (org.admin, "POST", "/v1/admin/sites", feature(drawn["geometry"], name="x", external_id=name)),
        ],
        "/email": [(phone, "POST", "/v1/invitations/accept", account | {"email": f"{name}@example.com"})],
        **{
            f"/device/{member}": [
                (
                    phone,
                    "POST",
                    "/v1/invitations/accept",
                    account | {"device": app | {member: f"{name} of min"}},
                )
            ]
            for member in ("name", "app_version", "installation_id")
        },
    }
    for pointer, requests in refused.items():
        for who, method, path, body in requests:
            answer = who.request(method, path, body, If_Match="*")
            told = answer.get_json()
            assert (answer.status_code, told["errors"][0]["pointer"]) == (422, pointer), (path, told)
    phone.post("/v1/invitations/accept", account, 201)


@given(some.text(max_size=100))
def test_whatever_a_marker_is_called_its_picture_is_xml(name: str) -> None:
    expat.ParserCreate().Parse(code_svg("HB1.CODE", name), True)


@pytest.mark.parametrize("name", ["Gate 3", "<b>&amp;", "👩‍🚒", "본관"])
def test_a_marker_that_may_be_called_so_shows_it(name: str) -> None:
    shown: list[str] = []
    parser = expat.ParserCreate()
    parser.CharacterDataHandler = shown.append
    parser.Parse(code_svg("HB1.CODE", name), True)
    assert "".join(shown) == name
