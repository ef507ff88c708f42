"""Watch lists, the line of those that wait to be read, and when all are announced: without sockets or a database."""

from uuid import UUID

from live.announcing import Rhythm
from live.watches import Line, WatchList, WatchLists

ALICE, BOB = UUID(int=1), UUID(int=2)


def test_nothing_is_told_while_rights_are_unread_and_nothing_twice() -> None:
    watched = WatchList([ALICE])
    assert not watched.is_to_hear(ALICE, True)
    watched.read, watched.told = watched.changes, {ALICE: False}
    assert [watched.is_to_hear(ALICE, online) for online in (False, True, True)] == [False, True, False]
    watched.changes += 1
    assert not watched.is_to_hear(ALICE, False)
    watched.read = watched.changes
    assert watched.is_to_hear(ALICE, False)


def test_of_whom_one_may_not_know_nothing_is_told() -> None:
    watched = WatchList([ALICE], read=0)
    assert not watched.is_to_hear(ALICE, True)


def test_who_watches_others_watches_the_former_no_more() -> None:
    lists, first, second = WatchLists(), WatchList([ALICE, BOB]), WatchList([BOB])
    lists.put("one", first)
    lists.put("one", second)
    assert (list(lists.of_person(ALICE)), list(lists.of_person(BOB))) == ([], [("one", second)])
    lists.drop("one")
    assert (list(lists.of_person(BOB)), lists.of_socket("one")) == ([], None)


def test_who_joins_the_line_again_keeps_the_place() -> None:
    line = Line()
    for sid in ("a", "b", "c", "a"):
        line.join(sid)
    assert line.first(2) == ["a", "b"]
    line.leave("a")
    line.join("a")
    assert line.first(9) == ["b", "c", "a"]


def test_all_are_announced_now_and_then_and_to_who_asks_but_not_to_each_of_many() -> None:
    now = [100.0]
    rhythm = Rhythm(lambda: now[0])

    def announces(at: float) -> bool:
        now[0] = at
        due = rhythm.comes_due()
        if due:
            rhythm.announced()
        return due

    assert [announces(at) for at in (100, 110, 120)] == [True, False, True]
    rhythm.ask()
    assert announces(121)
    rhythm.ask()
    assert [announces(at) for at in (122, 125.9, 126, 127)] == [False, False, True, False]
