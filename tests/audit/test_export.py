"""The log as other systems get it: whole, in order, once, and one entry a line whatever stands in it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base import ids
from people.actor import Actor
from people.audit.entries import Entry, Result, record, wire_record
from people.audit.export import Form, LogBegunAnew, cef_line, check_position, json_line, lines
from people.permissions import SERVICE
from people.sign_in.fresh import StepUpRequired, check_fresh
from tests.stories.audit import acts, kept, log_of
from tests.stories.epochs import begins_anew
from tests.stories.journal import column, fault
from tests.world import Organisation, World

HOSTILE = (
    "a=b act=deleted",
    "|9|fake|",
    "back\\slash",
    "two\nlines",
    "two\r\nlines",
    "NEL\x85 and \u2028 and \u2029",
    "\x1b[2Jclear",
    '"},{"action":"forged"',
    "=cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(A1)",
    "CEF:0|x|x|1|x|x|9|",
)


def siem(org: Organisation) -> Actor:
    """A program that may follow the log."""
    return Actor(ids.new_id(), org.id, ids.new_id(), ids.new_id(), SERVICE, "en")


def follows(
    org: Organisation, after: int = 0, limit: int = 1_000, form: Form = Form.JSON_LINES
) -> tuple[list[str], int]:
    """The lines behind a position, and from where to go on."""
    org.world.relays()
    with org.world.web.transaction(org.id) as session:
        content, last = lines(session, siem(org), after, limit, form)
    return content.decode().split("\n")[:-1], after if last is None else last


def entry(**said: Any) -> dict[str, Any]:
    """A record as the chain keeps it."""
    made = Entry(ids.new_id(), "edit_site", **said)
    at = datetime(2026, 1, 1, 9, tzinfo=UTC)
    row = {**vars(made), "id": ids.new_id(), "at": at, "result": str(made.result)}
    return {**wire_record(row), "position": 7}


def test_an_administrator_does_not_export_what_watches_over_them(org: Organisation) -> None:
    assert org.admin.get("/v1/admin/audit/export", 403)["code"] == "forbidden"
    assert ("export_audit", "forbidden") in acts(log_of(org))


def test_who_follows_gets_every_entry_once_and_in_order(org: Organisation) -> None:
    org.person("Alice")
    org.site()
    got: list[str] = []
    after = 0
    while told := (page := follows(org, after, limit=2))[0]:
        assert len(told) <= 2
        assert page[1] > after
        got, after = got + told, page[1]
    records = [json.loads(line) for line in got]
    assert [record["id"] for record in records] == [str(row.id) for row in kept(org.world, org.id)]
    assert [record["position"] for record in records] == sorted({record["position"] for record in records})
    assert records[-1] == {**wire_record(kept(org.world, org.id)[-1]._mapping), "position": after}


def test_what_is_committed_late_comes_after_what_was_read(org: Organisation) -> None:
    """Its time, and its id, are of before: by either it would have been skipped."""
    with org.world.worker.transaction() as late:
        record(late, Entry(org.id, "late"))
        org.site()
        told, after = follows(org)
        assert "create_site" in told[-1]
    told, _ = follows(org, after)
    assert [json.loads(line)["action"] for line in told] == ["late"]


def test_an_entry_is_in_the_chain_and_reaches_no_phone(org: Organisation) -> None:
    alice = org.person("Alice")
    start = alice.get("/v1/me")["position"]
    org.admin.put(f"/v1/admin/people/{alice.id}/email", {"email": "new@example.com"})
    told = [event["type"] for phone in (alice, org.admin) for event in phone.syncs(start)]
    assert "audit.recorded" not in told
    assert "audit.recorded" in column(org.world, org.id, "type")
    assert fault(org.world, org.id) is None


def test_a_restored_log_is_followed_from_its_beginning(fresh_world: World) -> None:
    org = fresh_world.organisation()
    fresh_world.relays()
    with fresh_world.web.transaction(org.id) as session:
        head = check_position(session, siem(org), 0, None)
        assert check_position(session, siem(org), head.position, str(head.epoch)) == head
        with pytest.raises(LogBegunAnew):
            check_position(session, siem(org), head.position + 1, None)
    begins_anew(fresh_world)
    with fresh_world.web.transaction(org.id) as session, pytest.raises(LogBegunAnew) as refused:
        check_position(session, siem(org), head.position, str(head.epoch))
    assert refused.value.extra["epoch"] != str(head.epoch)


def test_nobody_follows_anothers_log(world: World, org: Organisation) -> None:
    theirs = world.organisation()
    theirs.site()
    told, _ = follows(org)
    assert {json.loads(line)["action"] for line in told} == {"sign_in"}
    with world.web.transaction(org.id) as session:
        assert lines(session, siem(theirs), 0, 10, Form.JSON_LINES) == (b"", None)


@pytest.mark.parametrize("said", HOSTILE)
def test_what_stands_in_an_entry_begins_no_line_and_no_field(org: Organisation, said: str) -> None:
    hostile = Entry(org.id, "edit_me", Result.REFUSED, agent=said, before={said: said}, after={"name": said})
    with org.world.worker.transaction() as session:
        record(session, hostile)
    whole, _ = follows(org)
    assert len(whole) == len(kept(org.world, org.id))
    mine = json.loads(whole[-1])
    assert (mine["agent"], mine["before"]) == (said, {said: said})
    assert all(len(line.splitlines()) == 1 for line in whole)
    cef, _ = follows(org, form=Form.CEF)
    assert len(cef) == len(whole)
    head, fields = read_cef(cef[-1])
    assert head == ["CEF:0", "Hereabouts", "Hereabouts", "1", "edit_me", "edit me", "6"]
    assert (fields["act"], fields["outcome"]) == ("edit_me", "refused")
    assert fields["requestClientApplication"] == "".join(each if each.isprintable() else " " for each in said)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_line_of_either_form_is_one_line(agent: str, name: str) -> None:
    told = entry(agent=agent, after={"name": name})
    assert len(json_line(told).splitlines()) == 1
    assert json.loads(json_line(told)) == told
    line = cef_line(told)
    assert len(line.splitlines()) == 1
    _, fields = read_cef(line)
    assert fields["requestClientApplication"] == "".join(
        each if each.isprintable() else " " for each in agent
    )
    assert fields["rt"] == "1767258000000"


def test_an_address_of_either_kind_has_its_own_field() -> None:
    assert "src=203.0.113.7 " in cef_line(entry(address="203.0.113.7"))
    assert "c6a2=2001:db8::1 " in cef_line(entry(address="2001:db8::1"))
    assert "src=" not in cef_line(entry())


def test_a_program_need_not_prove_anew_and_a_person_must() -> None:
    person = Actor(ids.new_id(), ids.new_id(), ids.new_id(), ids.new_id(), "member", "en")
    with pytest.raises(StepUpRequired):
        check_fresh(person)
    check_fresh(replace(person, role=SERVICE))


def read_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """A line of CEF as a reader takes it apart: seven parts of a head, then keys and values."""
    parts, rest = [], line
    for _ in range(7):
        at = next(n for n, each in enumerate(rest) if each == "|" and not _is_escaped(rest, n))
        parts.append(rest[:at].replace("\\|", "|").replace("\\\\", "\\"))
        rest = rest[at + 1 :]
    equals = [n for n, each in enumerate(rest) if each == "=" and not _is_escaped(rest, n)]
    begins = [0, *(rest.rindex(" ", 0, at) + 1 for at in equals[1:])]
    ends = [*(begin - 1 for begin in begins[1:]), len(rest)]
    values = [rest[at + 1 : end] for at, end in zip(equals, ends, strict=True)]
    keys = [rest[start:at] for start, at in zip(begins, equals, strict=True)]
    plain = (value.replace("\\=", "=").replace("\\\\", "\\") for value in values)
    return parts, dict(zip(keys, plain, strict=True))


def _is_escaped(line: str, at: int) -> bool:
    before = line[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
