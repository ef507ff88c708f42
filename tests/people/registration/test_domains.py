"""Which addresses are of which domain."""

import pytest

from base.errors import Invalid
from people.registration.rules import domain_form, mailbox_of, set_rules
from tests.stories.registrations import asks, lets_in, mails
from tests.world import Organisation, Phone


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("Example.COM", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("한국.example", "xn--3e0b707e.example"),
        ("example。com", "example.com"),
        ("ｅxample.com", "example.com"),
        ("", None),
        ("localhost", None),
        ("example.com.", None),
        (".example.com", None),
        ("a..example", None),
        ("exa mple.com", None),
        ("-a.example", None),
        ("@example.com", None),
        ("example.com\n", "example.com"),
        ("a" * 64 + ".example", None),
    ],
)
def test_a_domain_has_one_form(written: str, form: str | None) -> None:
    assert domain_form(written) == form


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("mina@example.com", "mina@example.com"),
        ("mina+depot@example.com", "mina@example.com"),
        ("+depot@example.com", "+depot@example.com"),
        ("a@b@example.com", "a@b@example.com"),
    ],
)
def test_a_mailbox_is_one_whatever_follows_a_plus(email: str, name: str) -> None:
    mailbox = mailbox_of(email)
    assert mailbox is not None
    assert (mailbox.email, mailbox.name) == (email, name)


@pytest.mark.parametrize(
    ("email", "comes_in"),
    [
        ("mina@bücher.example", True),
        ("mina@xn--bcher-kva.example", True),
        ("mina+depot@bücher.example", True),
        ("mina@sub.bücher.example", False),
        ("mina@evilbücher.example", False),
        ("mina@bücher.example.evil", False),
        ("mina@bucher.example", False),
    ],
)
def test_only_the_very_domain_opens(org: Organisation, email: str, comes_in: bool) -> None:
    lets_in(org, "Bücher.example")
    asks(Phone(org, "Mina"), email)
    local, _, domain = email.partition("@")
    assert mails(org, f"{local}@{domain_form(domain)}") == (["registration"] if comes_in else [])


@pytest.mark.parametrize("domains", [["localhost"], ["example.com", "a b"], ["x" * 300 + ".com"]])
def test_what_is_no_domain_is_not_kept(org: Organisation, domains: list[str]) -> None:
    with pytest.raises(Invalid) as refused, org.world.web.transaction(org.id) as session:
        set_rules(session, org.id, domains, approval=False)
    assert refused.value.errors[0]["pointer"] == f"/domains/{len(domains) - 1}"
