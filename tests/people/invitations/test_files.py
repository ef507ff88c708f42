"""Invitations from a table: judged whole, then all of it or nothing."""

import unicodedata
from typing import Any

import pytest

from tests.stories.invitations import (
    faults_of,
    identifiers_of,
    invites,
    invites_file,
    is_refused,
    lines_of,
    redeems,
)
from tests.stories.messages import waiting
from tests.stories.passwords import joins
from tests.stories.scopes import manager
from tests.world import Organisation, Phone, World

MINA, NUMBER = "mina@example.com", "+821012345678"


def invited(org: Organisation) -> list[dict[str, Any]]:
    return org.admin.get("/v1/admin/invitations?limit=100")["items"]


def test_a_table_of_people(org: Organisation) -> None:
    site = org.site(admission="assigned")
    answer = invites_file(
        org.admin,
        f"name,identifier,scopes,roles\r\nMina Kim,{MINA},{site},moderator@{site}\r\n김노아,010-1234-5678,,\r\n",
        "?days=3",
    )
    assert answer.mimetype == "text/csv"
    mina, noah = lines_of(answer)
    assert [(each["row"], each["name"]) for each in (mina, noah)] == [("2", "Mina Kim"), ("3", "김노아")]
    assert noah["identifier"] == f"'{NUMBER}", "a spreadsheet takes a plus for a formula"
    phone = redeems(org, mina["code"])
    assert site in {each["scope_id"] for each in phone.get("/v1/me")["memberships"]}
    assert identifiers_of(redeems(org, noah["code"])) == {NUMBER: False}
    assert is_refused(org, mina["code"]) == "invitation_refused"


def test_as_spreadsheets_write_it(org: Organisation) -> None:
    """With their mark, semicolons, quoted lines' ends, empty rows, in any order, and names in parts."""
    name = unicodedata.normalize("NFD", "한지민")
    table = f'\ufeffIdentifier;Name\r\n;\r\n"{MINA}";"{name}"\r\n\r\n'
    (line,) = lines_of(invites_file(org.admin, table))
    assert (line["row"], line["name"]) == ("3", "한지민")


def test_every_fault_is_told_with_its_row_and_column_and_nothing_is_made(org: Organisation) -> None:
    joins(org, "Taken", "taken@example.com")
    other = org.world.organisation().site()
    table = "\n".join(
        [
            "name,identifier,scopes,roles",
            "Fine,fine@example.com,,",
            "No address,nonsense,,",
            "Too short,010-12,,",
            "\u202eevil,steered@example.com,,",
            "No scope,scope@example.com,here,",
            f"Foreign,foreign@example.com,{other},moderator@{other}",
            "No role,role@example.com,,emperor",
            "Twice,FINE@example.com,,",
            "Nothing,,,",
        ]
    )
    assert faults_of(invites_file(org.admin, table)) == [
        "/rows/3/identifier",
        "/rows/4/identifier",
        "/rows/5/name",
        "/rows/6/scopes",
        "/rows/10/identifier",
        "/rows/9/identifier",
    ]
    table = f"identifier,scopes,roles\ntaken@example.com,,\nb@example.com,{other},\nc@example.com,,emperor\n"
    assert faults_of(invites_file(org.admin, table)) == [
        "/rows/2/identifier",
        "/rows/3/scopes",
        "/rows/4/roles",
    ]
    assert [each["name"] for each in invited(org)] == [None], (
        "that by which the one came whose address is taken"
    )


@pytest.mark.parametrize(
    "table",
    [
        "",
        "\n",
        "identifier\n",
        "identifier,email\nmina@example.com,x\n",
        "identifier,identifier\na@example.com,b@example.com\n",
        "name\nMina\n",
        "identifier\nmina@example.com,and,more\n",
        'identifier\n"mina@example.com\n',
        "identifier\nmi\0na@example.com\n",
        f"identifier\n{'a' * 5_000}@example.com\n",
        "identifier\n미나@example.com\n".encode("cp949"),
        "identifier\n" + "\n".join(f"a{n}@example.com" for n in range(1_001)),
        "PK\x03\x04 not a table",
    ],
    ids=str,
)
def test_what_is_no_table_of_people(org: Organisation, table: str | bytes) -> None:
    answer = invites_file(org.admin, table)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "csv_malformed")
    assert invited(org) == []


def test_a_thousand_at_once_and_not_a_byte_more_than_is_taken(org: Organisation) -> None:
    rows = [f"Person {n},person{n}@example.com" for n in range(1_000)]
    lines = lines_of(invites_file(org.admin, "name,identifier\n" + "\n".join(rows)))
    assert len({line["code"] for line in lines}) == 1_000
    redeems(org, lines[-1]["code"])
    assert invites_file(org.admin, "identifier\n" + "x" * 1024 * 1024).status_code == 413


def test_no_cell_that_comes_back_is_a_formula(org: Organisation) -> None:
    names = ["=1+1", "@SUM(A1)", "+CALL", "-2", "＝HYPERLINK()", 'a";=1', "a;=cmd", "tab\there"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    table = "name,identifier\n" + "\n".join(f"{name},p{n}@example.com" for n, name in enumerate(quoted))
    answer = invites_file(org.admin, table)
    for line in lines_of(answer):
        for cell in line.values():
            assert not cell.startswith(("=", "+", "-", "@", "＝", "\t")), cell
            assert ";=" not in cell


def test_codes_that_are_sent_are_not_in_the_answer(org: Organisation) -> None:
    table = f"name,identifier\nMina,{MINA}\nNoah,010-1234-5678\n"
    lines = lines_of(invites_file(org.admin, table, "?send=true&locale=ko"))
    assert {(line["code"], line["link"]) for line in lines} == {("sent", "")}
    sent = waiting(org)
    assert [(each["to"], each["locale"]) for each in sent] == [(MINA, "ko"), (NUMBER, "ko")]
    assert identifiers_of(redeems(org, sent[0]["values"]["code"])) == {MINA: True}


def test_nobody_is_flooded_by_files(org: Organisation) -> None:
    for _ in range(3):
        invites(org.admin, send_to=NUMBER)
    table = f"identifier\n{MINA}\n{NUMBER}\n"
    assert faults_of(invites_file(org.admin, table, "?send=true")) == ["/rows/3/identifier"]
    assert len(waiting(org)) == 3
    lines_of(invites_file(org.admin, table))


def test_who_may_not(world: World, org: Organisation) -> None:
    mia = manager(org, "Mia", org.site())
    for phone in (mia, org.person("Alice")):
        assert invites_file(phone, f"identifier\n{MINA}\n").status_code == 403
    stranger = Phone(org, "Eve")
    stranger.tokens = {"access_token": "nonsense"}
    assert invites_file(stranger, f"identifier\n{MINA}\n").status_code == 401


def test_a_query_that_is_none_is_refused(org: Organisation) -> None:
    for query in ("?days=0", "?days=400", "?send=perhaps", "?locale=xx", "?more=1"):
        assert invites_file(org.admin, f"identifier\n{MINA}\n", query).status_code == 422
    assert invited(org) == []
