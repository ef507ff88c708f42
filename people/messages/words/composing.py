"""From a template and its values to a letter: a pure function."""

from collections.abc import Mapping
from uuid import UUID

from base.text import shortened, without_steering
from people.messages.outcomes import Letter
from people.messages.queue import Channel
from people.messages.words.catalogue import CATALOGUE

_FALLBACK = "en"
_LONGEST_VALUE, _LONGEST_NAME = 300, 60


class UnknownTemplate(Exception):
    """A template that this release does not have, or one that takes values which were not given."""


def composed(
    message_id: UUID, channel: Channel, to: str, template: str, locale: str, values: Mapping[str, str]
) -> Letter:
    """The letter; raises `UnknownTemplate`.

    Values are lines without characters that steer or hide: nothing that people chose begins a line or a header, or
    turns the text around.
    """
    plain = {name: _line(name, value) for name, value in values.items()}
    try:
        words = CATALOGUE.get(locale, CATALOGUE[_FALLBACK])[template]
        if channel is Channel.SMS:
            return Letter(message_id, to, "", words.sms.format_map(plain))
        return Letter(message_id, to, words.subject.format_map(plain), words.mail.format_map(plain))
    except KeyError:
        raise UnknownTemplate(template) from None


def _line(name: str, value: str) -> str:
    return shortened(without_steering(value), _LONGEST_NAME if name == "organisation" else _LONGEST_VALUE)
