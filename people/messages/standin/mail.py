"""The stand-in as a mail server."""

from email import message_from_bytes
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session

from people.messages.standin.mailbox import Mailbox


class Receiving:
    """What aiosmtpd asks when somebody sends."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take an address, or refuse it as told."""
        behaviour = self._mailbox.told(address)
        if "status" in behaviour:
            return f"{behaviour['status']} as asked for"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        self._drops = bool(behaviour.get("drop"))
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail."""
        message = message_from_bytes(envelope.content or b"", policy=default)  # type: ignore[arg-type]
        body = message.get_body(("plain",))
        text = "" if body is None else str(body.get_content()).replace("\r\n", "\n")
        headers = {"subject": str(message["Subject"]), "from": str(message["From"])}
        for address in envelope.rcpt_tos:
            self._mailbox.accept("mail", address, text, id=str(message["Message-ID"]), **headers)
        if self._drops:
            server.transport.abort()
        return "250 OK"


def protocol(mailbox: Mailbox) -> SMTP:
    """One connection."""
    return SMTP(Receiving(mailbox), enable_SMTPUTF8=True, hostname="localhost", ident="Hereabouts stand-in")
