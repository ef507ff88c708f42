"""What goes wrong between us and FCM, the same over each transport: nothing is sent twice, nobody waits for ever."""

import json
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from time import monotonic

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from push.fcm.client import FcmSender, Later, Outcome, Sent
from push.fcm.transports import FLIGHT, NOT_BEGUN
from tests.product import Product
from tests.push.messages import TIMEOUT_S, address_of, counts, message


def test_a_lost_token_server_is_later_too(product: Product, tmp_path: Path, transport: str) -> None:
    account = json.loads((product.folder / "credentials.json").read_text())
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(account | {"token_uri": "http://127.0.0.1:9/token"}))
    sender = FcmSender(path, None, product.standin, TIMEOUT_S, transport)
    assert dict(sender.send_all([message(), message()])) == dict.fromkeys(
        range(2), Later("oauth: TransportError")
    )
    sender.close()


def test_nobody_there_is_later(product: Product, transport: str) -> None:
    sender = FcmSender(product.folder / "credentials.json", None, "http://127.0.0.1:9", TIMEOUT_S, transport)
    outcomes = dict(sender.send_all([message(), message()]))
    assert [type(outcome) for outcome in outcomes.values()] == [Later, Later]
    sender.close()


def test_a_silent_server_costs_a_few_timeouts_and_no_more(product: Product, transport: str) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        sender = FcmSender(product.folder / "credentials.json", None, address, 0.5, transport)
        begun = monotonic()
        outcomes = dict(sender.send_all([message() for _ in range(1_000)]))
        assert monotonic() - begun < 14  # one after the other they would take 15
        assert sorted(outcomes) == list(range(1_000))
        assert all(isinstance(outcome, Later) for outcome in outcomes.values())
        sender.close()


def test_a_server_without_a_good_certificate_gets_nothing(
    product: Product, transport: str, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "server.pem"))
    received: list[bytes] = []

    def listen(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                with suppress(OSError), context.wrap_socket(client, server_side=True) as encrypted:
                    received.append(encrypted.recv(1_000))

    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Thread(target=listen, args=(server,), daemon=True)
        listener.start()
        address = f"https://127.0.0.1:{server.getsockname()[1]}"
        sender = FcmSender(product.folder / "credentials.json", None, address, TIMEOUT_S, transport)
        assert isinstance(sender.send(message()), Later)
        sender.close()
        server.shutdown(socket.SHUT_RDWR)
        listener.join(60)
    assert b"".join(received) == b""


def self_signed(path: Path) -> Path:
    """A key and a certificate of 127.0.0.1 that nobody vouches for, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, *form)
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_many_threads_send_at_the_same_time(sender: FcmSender) -> None:
    sent: list[Outcome] = []
    threads = [
        Thread(target=lambda: sent.extend(o for _, o in sender.send_all([message() for _ in range(20)])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(outcome) for outcome in sent] == [Sent] * 160


def test_who_stops_listening_leaves_nothing_behind(product: Product, sender: FcmSender) -> None:
    answers = sender.send_all([message() for _ in range(50)])
    next(answers)
    answers.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(sender.send(message()), Sent)


def test_a_broken_connection_sends_nothing_twice(product: Product, sender: FcmSender) -> None:
    messages = [message(data={"delivery_id": str(n)}) for n in range(200)]
    product.behave(**{address_of(messages[50]): {"drop": True}, address_of(messages[120]): {"cut": True}})
    before = counts(product)
    outcomes = dict(sender.send_all(messages))
    assert sorted(outcomes) == list(range(200))
    assert all(isinstance(outcome, Sent | Later) for outcome in outcomes.values())
    assert isinstance(outcomes[50], Later)
    assert isinstance(outcomes[120], Later)
    after = counts(product)
    assert after["requests"] - before["requests"] <= 200
    assert after["twice"] == before["twice"]


def test_a_connection_that_the_server_ends_is_replaced(product: Product, sender: FcmSender) -> None:
    to_bob = message("bob")
    product.behave(**{address_of(to_bob): {"goaway": True}})
    assert isinstance(sender.send(to_bob), Sent)
    before = counts(product)["requests"]
    outcomes = [sender.send(message()) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes[1:]] == [Sent, Sent]
    sent = sum(isinstance(outcome, Sent) for outcome in outcomes)
    assert counts(product)["requests"] - before == sent


def test_a_slow_answer_holds_nobody_up(product: Product, sender: FcmSender) -> None:
    messages = [message() for _ in range(40)]
    product.behave(**{address_of(messages[0]): {"delay_ms": 60_000}})
    begun, order = monotonic(), []
    for number, outcome in sender.send_all(messages):
        order.append(number)
        assert isinstance(outcome, Later if number == 0 else Sent)
    assert order[-1] == 0
    assert monotonic() - begun < 30 * TIMEOUT_S


def test_what_has_not_begun_in_time_is_not_begun(product: Product, sender: FcmSender) -> None:
    messages = [message() for _ in range(3 * FLIGHT)]
    product.behave(**{address_of(one): {"delay_ms": 400} for one in messages})
    sender.send(message())  # it has its token and a connection
    before = counts(product)["requests"]
    outcomes = dict(sender.send_all(messages, until=monotonic() + 0.2))
    assert sorted(outcomes) == list(range(3 * FLIGHT))
    begun = sum(outcome != NOT_BEGUN for outcome in outcomes.values())
    assert 0 < begun <= FLIGHT
    assert counts(product)["requests"] - before <= begun


def test_after_a_dead_line_what_is_late_is_not_begun(product: Product, sender: FcmSender) -> None:
    messages = [message() for _ in range(2 * FLIGHT)]
    product.behave(**{address_of(one): {"delay_ms": 60_000} for one in messages})
    outcomes = list(dict(sender.send_all(messages, until=monotonic() + TIMEOUT_S / 2)).values())
    assert FLIGHT <= outcomes.count(NOT_BEGUN) < 2 * FLIGHT


def test_no_more_is_on_its_way_than_a_flight(product: Product, sender: FcmSender) -> None:
    messages = [message() for _ in range(3 * FLIGHT)]
    product.behave(**{address_of(one): {"delay_ms": 900} for one in messages})
    before = counts(product)["requests"]
    answers = sender.send_all(messages)
    next(answers)
    assert counts(product)["requests"] - before <= 2 * FLIGHT
    assert len(list(answers)) == 3 * FLIGHT - 1
