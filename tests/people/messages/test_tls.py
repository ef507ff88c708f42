"""Mail servers with certificates: good ones are believed, with TLS from the first byte or after STARTTLS, no others."""

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from base import ids
from base.carriers import MailServer, sender
from people.messages.mail import MailCarrier
from people.messages.outcomes import Later, Letter, Outcome, Sent
from tests.ports import free_port

HERE = "127.0.0.1"


class Taking:
    """Takes whatever comes."""

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        return "250 OK"


def certificate(folder: Path, address: str) -> Path:
    """A certificate for an address, signed by itself, and its key in one file."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)]),
    )
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / "certificate.pem"
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none) + made.public_bytes(pem))
    return file


@contextmanager
def server(file: Path, tls: bool) -> Iterator[MailServer]:
    """A mail server on this machine, spoken to as one of another."""
    context, port = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), free_port()
    context.load_cert_chain(file)
    how = {"ssl_context": context} if tls else {"tls_context": context, "require_starttls": True}
    running = Controller(Taking(), HERE, port, server_hostname="localhost", **how)
    running.start()
    yield MailServer(HERE, port, None, None, tls, starttls=not tls)
    running.stop()


def sent_to(given: MailServer) -> Outcome:
    carrier = MailCarrier(given, sender("no-reply@example.com"))
    outcome = carrier.send(Letter(ids.new_id(), "alice@example.com", "Hello", "Good morning.\n"))
    carrier.rest()
    return outcome


@pytest.mark.parametrize("tls", [True, False])
def test_a_server_whose_certificate_is_known_gets_the_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    file = certificate(tmp_path, HERE)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with server(file, tls) as known:
        assert sent_to(known) == Sent()


@pytest.mark.parametrize("tls", [True, False])
def test_one_with_another_name_or_unknown_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    with server(certificate(tmp_path, HERE), tls) as unknown:
        assert sent_to(unknown) == Later("SSLCertVerificationError", by_all=True)
    of_another = certificate(tmp_path, "192.0.2.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(of_another))
    with server(of_another, tls) as mistaken:
        assert sent_to(mistaken) == Later("SSLCertVerificationError", by_all=True)
