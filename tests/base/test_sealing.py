"""Sealed: read again with the installation's secret or its former one, and by nobody else."""

import pytest

from base.sealing import Sealer, Unsealable

OLD, NEW = "s" * 32, "t" * 32


@pytest.mark.parametrize("text", ["", "a code", "비밀번호", "x" * 10_000])
def test_what_was_sealed_is_read_again_and_stands_nowhere(text: str) -> None:
    sealed = Sealer(OLD, None).sealed(text)
    assert Sealer(OLD, None).opened(sealed) == text
    assert not text or text not in sealed
    assert Sealer(OLD, None).sealed(text) != sealed


def test_after_a_new_secret_it_is_read_as_long_as_the_former_one_is_known() -> None:
    sealed = Sealer(OLD, None).sealed("a code")
    assert Sealer(NEW, OLD).opened(sealed) == "a code"
    with pytest.raises(Unsealable):
        Sealer(NEW, None).opened(sealed)


@pytest.mark.parametrize("sealed", ["", "nonsense", "gAAAAA=="])
def test_what_was_not_sealed_is_refused(sealed: str) -> None:
    with pytest.raises(Unsealable):
        Sealer(OLD, None).opened(sealed)


def test_a_changed_letter_is_noticed() -> None:
    sealed = Sealer(OLD, None).sealed("a code")
    changed = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    with pytest.raises(Unsealable):
        Sealer(OLD, None).opened(changed)


def test_what_the_former_secret_sealed_is_sealed_anew_and_nothing_else() -> None:
    sealer = Sealer(NEW, OLD)
    anew = sealer.anew(Sealer(OLD, None).sealed("a code"))
    assert anew is not None
    assert Sealer(NEW, None).opened(anew) == "a code"
    assert sealer.anew(anew) is None
    assert sealer.anew(Sealer("u" * 32, None).sealed("a code")) is None
