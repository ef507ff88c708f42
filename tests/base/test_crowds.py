"""How many different ones were seen lately."""

from base.counting.crowds import Crowds


def test_each_member_counts_once_and_each_crowd_for_itself() -> None:
    crowds = Crowds(lambda: 0.0)
    assert [crowds.saw(1, member) for member in (1, 2, 2, 3, 1)] == [1, 2, 2, 3, 3]
    assert crowds.saw(2, 1) == 1


def test_those_who_have_gone_are_forgotten_and_a_crowd_does_not_shrink_at_a_stroke() -> None:
    at = [0.0]
    crowds = Crowds(lambda: at[0])
    for member in range(100):
        crowds.saw(1, member)
    at[0] = 600
    assert crowds.saw(1, 0) == 100
    at[0] = 1_200
    assert crowds.saw(1, 0) == 1
