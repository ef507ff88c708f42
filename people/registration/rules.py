"""With which e-mail addresses people open accounts by themselves, as an organisation has set it.

Domains are compared in their ASCII form (IDNA 2008), whole: `sub.example.com` is not `example.com`. What follows a plus
in front of the `@` makes another address of the same mailbox: it may have an account of its own, and its mails are
counted with the mailbox's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import idna
from sqlalchemy.orm import Session

from base.errors import Invalid
from people.models import Organisation

_SETTING = "registration"
MOST_DOMAINS = 50


@dataclass(frozen=True)
class Rules:
    """The domains whose people may come in by themselves, and whether an administrator decides of each."""

    domains: frozenset[str] = frozenset()
    approval: bool = True


@dataclass(frozen=True)
class Mailbox:
    """An address with its domain in ASCII, the domain alone, and whose mailbox it is."""

    email: str
    domain: str
    name: str


def rules_of(settings: Mapping[str, Any]) -> Rules:
    """An organisation's rules, by its settings; without any nobody comes in by themselves."""
    kept = settings.get(_SETTING) or {}
    forms = map(domain_form, kept.get("domains", ()))
    return Rules(frozenset(form for form in forms if form), bool(kept.get("approval", True)))


def set_rules(session: Session, organisation_id: UUID, domains: Iterable[str], *, approval: bool) -> Rules:
    """Let the people of these domains in from now on, and of no others; raises `Invalid` for what is no domain."""
    written = list(domains)
    if len(written) > MOST_DOMAINS:
        raise Invalid.at("/domains", f"At most {MOST_DOMAINS}.")
    forms = [domain_form(each) for each in written]
    for index, form in enumerate(forms):
        if form is None:
            raise Invalid.at(f"/domains/{index}", "Not the domain of an e-mail address.")
    organisation = session.get_one(Organisation, organisation_id, with_for_update={"key_share": True})
    kept = {"domains": sorted({form for form in forms if form}), "approval": approval}
    organisation.settings = organisation.settings | {_SETTING: kept}
    session.flush()
    return rules_of(organisation.settings)


def domain_form(written: str) -> str | None:
    """The ASCII form of a domain, or None where it is none that mails come from."""
    try:
        form = idna.encode(written.strip(), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return None
    return form if "." in form.strip(".") and not form.endswith(".") else None


def mailbox_of(email: str) -> Mailbox | None:
    """An address (as `base.text.address` gives it) read as one of a mailbox; None where its domain is none."""
    local, _, domain = email.rpartition("@")
    form = domain_form(domain)
    if form is None or not local:
        return None
    owner = local.partition("+")[0] or local
    return Mailbox(f"{local}@{form}", form, f"{owner}@{form}")
