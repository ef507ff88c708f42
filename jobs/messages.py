"""The worker's loops for messages: one for each channel that is set up, and for who asks for a code, or to register."""

import threading
from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from base.carriers import mail_server, sender
from base.database import Database
from base.logs import logger
from base.sealing import Sealer
from base.settings import Settings
from people.messages.mail import MailCarrier
from people.messages.queue import Channel
from people.messages.sending import Carrier, Postman
from people.messages.sms import SmsCarrier
from people.registration import answering
from people.sign_in.asked_codes import answer_asked
from people.sign_in.short_codes import CodeKeys

log = logger(__name__)
_POLL_S, _RETRY_S = 0.5, 1.0


def message_loops(
    settings: Settings, database: Database, stopping: threading.Event
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each with its name; none where nothing is set up."""
    sealer = Sealer(settings.secret_key, settings.former_secret_key)
    keys = CodeKeys(settings.secret_key, settings.former_secret_key)
    on = carriers(settings)
    for channel, carrier in on.items():
        postman = Postman(database, sealer, channel, carrier)
        yield f"messages-{channel}", partial(_until, stopping, postman.work)
    if on:
        yield "asked-codes", partial(_until, stopping, partial(answer_asked, database, sealer, keys))
    if Channel.MAIL in on:
        answer = partial(answering.answer_asked, database, sealer, keys)
        yield "asked-registrations", partial(_until, stopping, answer)
    for channel in set(Channel) - set(on):
        log.warning("messages_are_off", channel=channel)


def carriers(settings: Settings) -> dict[Channel, Carrier]:
    """What hands messages over, for each channel that is set up."""
    found: dict[Channel, Carrier] = {}
    if settings.smtp_url is not None and settings.mail_from is not None:
        found[Channel.MAIL] = MailCarrier(mail_server(settings.smtp_url), sender(settings.mail_from))
    if settings.sms_gateway_url is not None and settings.sms_gateway_token is not None:
        found[Channel.SMS] = SmsCarrier(settings.sms_gateway_url, settings.sms_gateway_token)
    return found


def _until(stopping: threading.Event, work: Callable[[], bool]) -> None:
    """Work as long as there is something to do, then look now and then."""
    while not stopping.is_set():
        try:
            if not work():
                stopping.wait(_POLL_S)
        except SQLAlchemyError as error:
            log.warning("messages_lost_database", error=type(error).__name__)
            stopping.wait(_RETRY_S)
