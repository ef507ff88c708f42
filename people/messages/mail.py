"""Mails by SMTP: one connection for a batch, one message after the other, each to one address.

What a server answers with 5xx about a message is final; what concerns the connection or the operator's settings is
tried again until the message's time is over. A connection that breaks after the text was sent leaves open whether it
was taken: it is sent again with the same `Message-ID`, by which mail systems find twins.
"""

import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from base import clock
from base.carriers import MailServer, Sender, is_plain_address
from base.database import outside_transaction
from people.messages.outcomes import Later, Letter, Outcome, Refused, Sent

_TIMEOUT_S = 10.0
_FINAL = 500
_TAKES_NO_MAIL = Refused("address_not_possible")


class MailCarrier:
    """Hands mails to one server. Not for several threads at once."""

    def __init__(self, server: MailServer, sender: Sender) -> None:
        self._server, self._sender = server, sender
        self._line: smtplib.SMTP | None = None

    def send(self, letter: Letter) -> Outcome:
        """Hand over one mail; raises nothing that a server or an address may bring about."""
        outside_transaction()
        try:
            message = self._message(letter)
        except (ValueError, UnicodeError):  # of an address that cannot stand in a header
            return _TAKES_NO_MAIL
        try:
            line = self._line = self._line or self._connected()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Later(type(error).__name__, by_all=True)
        outcome = _handed_over(line, message, self._sender.address, str(message["To"]))
        if isinstance(outcome, Later):
            self.rest()  # whatever it was, the next one begins on a new connection
        return outcome

    def rest(self) -> None:
        """Nothing more to send for now: say goodbye."""
        if self._line is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._line.quit()
            self._line = None

    def _connected(self) -> smtplib.SMTP:
        server, name = self._server, self._sender.address.rpartition("@")[2]
        context = ssl.create_default_context()
        line: smtplib.SMTP
        if server.tls:
            line = smtplib.SMTP_SSL(server.host, server.port, name, timeout=_TIMEOUT_S, context=context)
        else:
            line = smtplib.SMTP(server.host, server.port, name, timeout=_TIMEOUT_S)
        with contextlib.ExitStack() as unless_all_goes_well:
            unless_all_goes_well.callback(line.close)
            if server.starttls:
                line.starttls(context=context)
            if server.user is not None and server.password is not None:
                line.login(server.user, server.password)
            unless_all_goes_well.pop_all()
        return line

    def _message(self, letter: Letter) -> EmailMessage:
        """The mail; raises `ValueError` for an address to which none can be sent. A header takes no line's end."""
        message = EmailMessage(SMTP)
        message["From"] = formataddr(self._sender)
        message["To"] = _as_sent(letter.to)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{letter.id}@{_domain(self._sender.address)}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="quoted-printable")
        return message


def _handed_over(line: smtplib.SMTP, message: EmailMessage, sender: str, to: str) -> Outcome:
    try:
        line.send_message(message, sender, [to])
    except smtplib.SMTPRecipientsRefused as refusal:
        ((code, _),) = refusal.recipients.values()
        return _refused(code, "recipient")
    except smtplib.SMTPDataError as refusal:
        return _refused(refusal.smtp_code, "data")
    except smtplib.SMTPNotSupportedError:  # letters in the address that this server does not write to
        return _TAKES_NO_MAIL
    except smtplib.SMTPResponseException as refusal:  # of the sender, above all: the operator's to repair
        return Later(f"server_{refusal.smtp_code}")
    except (smtplib.SMTPException, OSError) as error:
        return Later(type(error).__name__)
    return Sent()


def _refused(code: int, what: str) -> Outcome:
    return Refused(f"{what}_{code}") if code >= _FINAL else Later(f"{what}_{code}")


def _as_sent(address: str) -> str:
    """The address as it goes into the envelope and the header, its domain in ASCII; raises `ValueError`."""
    if not is_plain_address(address):
        raise ValueError("not an address that means the same to everybody")
    return f"{address.rpartition('@')[0]}@{_domain(address)}"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].encode("idna").decode()
