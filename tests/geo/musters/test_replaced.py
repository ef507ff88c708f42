"""A phone that scans a gate again during a roll call: one person, who is looked for and answers as the new account."""

from tests.stories.checkins import code, marker
from tests.stories.musters import board, calls, counts, reminds
from tests.stories.visitors import stranger
from tests.world import Organisation, World

POINT = {"type": "Point", "coordinates": [127.0, 37.5]}


def test_who_scans_again_during_a_roll_call_goes_on(org: Organisation, site: str, gate: str) -> None:
    vera = stranger(org, code(org, gate))
    muster = calls(org.admin, site)
    vera.put(f"/v1/musters/{muster}/answer", {"status": "need_help", "text": "lift", "point": POINT})
    former = vera.id
    again = stranger(org, code(org, gate), phone=vera, name="Vera Again")
    lines = board(org.admin, muster)
    assert lines["Vera"]["replaced_by"] == again.id
    aside = lines["Vera"]["set_aside"]
    assert (aside["by"], aside["reason"]) == (None, None)
    new = lines["Vera Again"]
    assert (new["status"], new["text"], new["point"]) == ("need_help", "lift", POINT)
    assert (new["answered_by"], new["replaced_by"], new["set_aside"]) == (again.id, None, None)
    now = counts(org.admin, muster)
    assert (now["expected"], now["need_help"], now["set_aside"]) == (1, 1, 1)
    (card,) = again.get("/v1/me/musters")["items"]
    assert card["your_status"] == "need_help"
    third = stranger(org, code(org, gate), phone=vera, name="Vera Third")
    lines = board(org.admin, muster)
    assert (lines["Vera Again"]["replaced_by"], lines["Vera Third"]["status"]) == (third.id, "need_help")
    assert lines["Vera"]["person"]["id"] == former
    third.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    now = counts(org.admin, muster)
    assert (now["expected"], now["safe"], now["set_aside"]) == (1, 1, 2)


def test_who_scans_at_another_place_is_still_looked_for(org: Organisation, site: str, gate: str) -> None:
    """The phone is there; whether its person is, or came out, nobody has said."""
    elsewhere = marker(org, org.site("Elsewhere", at=(127.2, 37.6)), admits_visitors_hours=8)
    vera = stranger(org, code(org, gate))
    muster = calls(org.admin, site)
    before = board(org.admin, muster)["Vera"]
    again = stranger(org, code(org, elsewhere), phone=vera, name="Vera Again")
    lines = board(org.admin, muster)
    assert (counts(org.admin, muster)["expected"], counts(org.admin, muster)["unaccounted"]) == (1, 1)
    known = ("status", "sources", "last_seen_at", "left_at", "certain", "confidence")
    assert [lines["Vera Again"][each] for each in known] == [before[each] for each in known]
    assert lines["Vera"]["replaced_by"] == again.id
    (card,) = again.get("/v1/me/musters")["items"]
    assert card["id"] == muster
    again.put(f"/v1/musters/{muster}/answer", {"status": "safe"})
    assert counts(org.admin, muster)["safe"] == 1


def test_the_former_account_is_asked_no_more(org: Organisation, site: str, gate: str, world: World) -> None:
    vera = stranger(org, code(org, gate))
    muster = calls(org.admin, site)
    stranger(org, code(org, gate), phone=vera, name="Vera Again")
    assert counts(org.admin, muster)["unaccounted"] == 1
    assert reminds(world, muster) == 1


def test_a_roll_that_is_called_later_expects_the_phone_once(org: Organisation, site: str, gate: str) -> None:
    vera = stranger(org, code(org, gate))
    stranger(org, code(org, gate), phone=vera, name="Vera Again")
    muster = calls(org.admin, site)
    assert set(board(org.admin, muster)) == {"Vera Again"}
