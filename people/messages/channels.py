"""The ways to people who are not in the app, and which of them this installation has."""

from base.errors import Conflict
from base.settings import Settings
from people.messages.queue import Channel


class ChannelOff(Conflict):
    """The operator has set up no such way."""

    code, title = "channel_off", "Messages of this kind are not sent here"


def is_on(settings: Settings, channel: Channel) -> bool:
    """Whether messages go this way here."""
    return (settings.smtp_url if channel is Channel.MAIL else settings.sms_gateway_url) is not None


def check_on(settings: Settings, channel: Channel) -> None:
    """Raise `ChannelOff` where messages do not go this way."""
    if not is_on(settings, channel):
        raise ChannelOff


def channel_of(identifier: str) -> Channel:
    """The way that something typed stands for, whether it is anybody's or not: an address has an @."""
    return Channel.MAIL if "@" in identifier else Channel.SMS
