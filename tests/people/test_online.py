"""Who is online over several processes, as one of them knows it."""

from uuid import UUID

from people.online.online import LASTS_S, Online

ALICE, BOB = (UUID(int=9), UUID(int=1)), (UUID(int=9), UUID(int=2))


def test_a_person_is_online_while_one_socket_is() -> None:
    online = Online()
    assert [online.came(ALICE), online.came(ALICE)] == [True, False]
    assert [online.went(ALICE), ALICE in online] == [False, True]
    assert [online.went(ALICE), ALICE in online] == [True, False]
    assert online.own == []


def test_sockets_of_other_processes_count_too() -> None:
    online = Online()
    assert online.are_elsewhere("w2", [ALICE, BOB]) == [ALICE, BOB]
    assert online.are_elsewhere("w3", [ALICE]) == []
    assert online.are_gone("w2", [ALICE, BOB]) == [BOB]
    assert online.are_gone("w2", [ALICE]) == []
    assert not online.came(ALICE) or online.are_gone("w3", [ALICE]) == []
    assert ALICE in online


def test_a_process_that_has_gone_silent_is_dead() -> None:
    now = [0.0]
    online = Online(lambda: now[0])
    online.are_elsewhere("w2", [ALICE, BOB])
    now[0] = LASTS_S - 1
    online.are_elsewhere("w2", [BOB])
    assert online.expire() == []
    now[0] = LASTS_S
    assert online.expire() == [ALICE]
    assert [ALICE in online, BOB in online] == [False, True]


def test_another_organisations_word_does_not_count() -> None:
    online = Online()
    online.are_elsewhere("w2", [(UUID(int=8), ALICE[1])])
    assert ALICE not in online
