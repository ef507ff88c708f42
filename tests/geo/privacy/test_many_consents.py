"""Who agrees and takes back again and again is told of what holds, and of the latest of what held."""

from geo.privacy.sharing import MOST_CONSENTS
from tests.world import World


def test_the_list_of_consents_has_an_end_and_never_leaves_out_what_holds(world: World) -> None:
    mina = world.organisation().person("Mina", consents=False)
    mina.agrees("trail")
    for version in range(MOST_CONSENTS + 5):
        mina.post("/v1/me/consents", {"kind": "presence", "text_version": f"v{version}"}, 201)
    told = mina.get("/v1/me/sharing")["consents"]
    assert len(told) == MOST_CONSENTS
    assert [consent["kind"] for consent in told if consent["withdrawn_at"] is None] == ["trail", "presence"]
    assert told == sorted(told, key=lambda consent: consent["given_at"])
    assert told[-1]["text_version"] == f"v{MOST_CONSENTS + 4}"
