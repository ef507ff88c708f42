"""Invitations that are sent: what goes where, what it proves, and how often."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from deploy.local.cluster import Cluster
from tests.stories.invitations import identifiers_of, invites, redeems
from tests.stories.messages import waiting
from tests.stories.scopes import manager
from tests.world import Organisation, World

MINA, NUMBER = "mina@example.com", "+821012345678"


@pytest.mark.parametrize(("to", "channel"), [(MINA, "mail"), (NUMBER, "sms")])
def test_who_redeems_what_was_sent_to_them_has_shown_that_it_reaches_them(
    org: Organisation, to: str, channel: str
) -> None:
    made = invites(org.admin, identifier=to, send_to=to, name="Mina", locale="ko", qr=True)
    assert (made["code"], made["link"], made["qr"]) == (None, None, None), "told to nobody else"
    (sent,) = waiting(org)
    assert (sent["channel"], sent["to"], sent["locale"]) == (channel, to, "ko")
    assert sent["values"]["organisation"] == "Org"
    mina = redeems(org, sent["values"]["code"])
    assert identifiers_of(mina) == {to: True}


def test_a_code_from_hand_to_hand_proves_no_address(org: Organisation) -> None:
    made = invites(org.admin, identifier=MINA, name="Mina")
    assert identifiers_of(redeems(org, made["code"])) == {MINA: False}


def test_nor_does_one_that_was_sent_elsewhere(org: Organisation) -> None:
    invites(org.admin, identifier=MINA, send_to=NUMBER, name="Mina")
    (sent,) = waiting(org)
    assert identifiers_of(redeems(org, sent["values"]["code"])) == {MINA: False}


def test_a_free_one_proves_the_address_to_which_it_was_sent_and_no_other(org: Organisation) -> None:
    for given, proven in ((MINA, True), ("other@example.com", False)):
        invites(org.admin, send_to=MINA)
        code = waiting(org)[-1]["values"]["code"]
        assert identifiers_of(redeems(org, code, email=given, name="Somebody")) == {given: proven}


def test_nobody_gets_more_than_a_few_within_a_day(
    org: Organisation, later: Callable[[timedelta], None]
) -> None:
    for _ in range(3):
        invites(org.admin, send_to="Mina@example.com ")
    assert invites(org.admin, 409, send_to=MINA)["code"] == "invited_lately"
    invites(org.admin, send_to=NUMBER)
    assert len(waiting(org)) == 4
    later(timedelta(days=1))
    invites(org.admin, send_to=MINA)


def test_a_manager_sends_to_visitors(org: Organisation) -> None:
    site = org.site()
    mia = manager(org, "Mia", site)
    invites(mia, 403, send_to=MINA)
    invites(mia, scope_ids=[site], stay_hours=2, send_to=MINA)
    vera = redeems(org, waiting(org)[-1]["values"]["code"], email=MINA, name="Vera")
    assert vera.get("/v1/me")["person"]["role"] == "visitor"


def test_what_is_not_made_is_not_sent(org: Organisation) -> None:
    invites(org.admin, 422, send_to=MINA, scope_ids=["00000000-0000-0000-0000-000000000000"])
    assert waiting(org) == []


def test_a_link_has_the_code_where_no_server_sees_it(cluster: Cluster, world_database: str) -> None:
    linked = World(cluster, world_database, PUBLIC_URL="https://app.example.com/")
    org = linked.organisation()
    made = invites(org.admin)
    assert made["link"] == f"https://app.example.com/invitation#{made['code']}"
    invites(org.admin, send_to=MINA)
    (sent,) = waiting(org)
    assert sent["template"] == "invitation"
    assert sent["values"]["link"].startswith("https://app.example.com/invitation#")
    redeems(org, sent["values"]["link"].partition("#")[2], email=MINA, name="Mina")
    linked.close()


def test_where_no_messages_are_sent_none_is_promised(cluster: Cluster, world_database: str) -> None:
    silent = World(cluster, world_database, **dict.fromkeys(("SMTP_URL", "MAIL_FROM")))
    org = silent.organisation()
    assert invites(org.admin, 409, send_to=MINA)["code"] == "channel_off"
    assert org.admin.get("/v1/admin/invitations")["items"] == []
    invites(org.admin)
    silent.close()
