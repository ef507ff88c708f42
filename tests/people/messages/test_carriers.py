"""One message handed to a real mail server or gateway: what is taken, refused, tried again, and never misread."""

from collections.abc import Iterator
from typing import Any

import pytest

from base import ids
from base.carriers import mail_server, sender
from people.messages.mail import MailCarrier
from people.messages.outcomes import Later, Letter, Refused, Sent
from people.messages.sms import SmsCarrier
from tests.ports import free_port
from tests.stories.mailbox import Mailbox

ALICE, NUMBER = "alice@example.com", "+821012345678"


def letter(to: str = ALICE, subject: str = "Hello", text: str = "Good morning.\n") -> Letter:
    return Letter(ids.new_id(), to, subject, text)


@pytest.fixture
def mail(mailbox: Mailbox) -> Iterator[MailCarrier]:
    settings = mailbox.settings
    carrier = MailCarrier(mail_server(settings["SMTP_URL"]), sender(settings["MAIL_FROM"]))
    yield carrier
    carrier.rest()


@pytest.fixture
def sms(mailbox: Mailbox) -> SmsCarrier:
    return SmsCarrier(mailbox.settings["SMS_GATEWAY_URL"], mailbox.settings["SMS_GATEWAY_TOKEN"])


def test_a_mail_comes_with_its_words_in_any_script(mailbox: Mailbox, mail: MailCarrier) -> None:
    sent = letter(subject="한강 조선소: 로그인 코드", text="코드입니다.\n\n493027\n" + "긴 " * 2_000)
    assert mail.send(sent) == Sent()
    (come,) = mailbox.to(ALICE)
    assert come["subject"] == "한강 조선소: 로그인 코드"
    assert come["text"].startswith("코드입니다.\n\n493027\n긴 긴")
    assert come["from"] == "Hereabouts <no-reply@hereabouts.example>"
    assert come["id"] == f"<{sent.id}@hereabouts.example>"
    assert come["code"] == "493027"


def test_a_short_message_comes_with_its_id(mailbox: Mailbox, sms: SmsCarrier) -> None:
    sent = letter(NUMBER, text="[한강] 493027")
    assert sms.send(sent) == Sent()
    (come,) = mailbox.to(NUMBER)
    assert (come["text"], come["id"]) == ("[한강] 493027", str(sent.id))


@pytest.mark.parametrize(
    "to",
    [
        "alice@example.com\r\nBcc: eve@example.com",
        "alice@example.com, eve@example.com",
        "Alice <alice@example.com>",
        "alice@example.com\neve@example.com",
        '"a b"@example.com',
        "alice",
        "@example.com",
        "",
        "alice@exa mple.com",
        "a@" + "x" * 70 + ".com",
        "a\0@example.com",
    ],
)
def test_what_is_not_one_plain_address_gets_nothing(mailbox: Mailbox, mail: MailCarrier, to: str) -> None:
    assert mail.send(letter(to)) == Refused("address_not_possible")
    assert mailbox.to("eve@example.com") == []


def test_a_subject_with_a_line_of_its_own_is_not_sent(mailbox: Mailbox, mail: MailCarrier) -> None:
    assert isinstance(mail.send(letter(subject="Hello\r\nBcc: eve@example.com")), Refused)
    assert mailbox.to("eve@example.com") == []


def test_a_text_that_looks_like_the_protocol_stays_a_text(mailbox: Mailbox, mail: MailCarrier) -> None:
    text = "Hello\n.\nRCPT TO:<eve@example.com>\nDATA\n.hidden\n"
    assert mail.send(letter(text=text)) == Sent()
    (come,) = mailbox.to(ALICE)
    assert come["text"] == text
    assert mailbox.to("eve@example.com") == []


def test_a_domain_in_another_script_is_written_as_mail_servers_know_it(
    mailbox: Mailbox, mail: MailCarrier
) -> None:
    assert mail.send(letter("mina@한국.example")) == Sent()
    assert mailbox.to("mina@xn--3e0b707e.example")


@pytest.mark.parametrize(
    "to", ["+82 10 1234 5678", "01012345678", "+0123456789", "+82101234567\n8", "+" + "1" * 30]
)
def test_a_number_that_is_none_gets_nothing(mailbox: Mailbox, sms: SmsCarrier, to: str) -> None:
    assert sms.send(letter(to)) == Refused("number_not_possible")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(550, Refused("recipient_550")), (451, Later("recipient_451")), (421, Later("recipient_421"))],
)
def test_what_a_mail_server_refuses_for_good_is_not_tried_again(
    mailbox: Mailbox, mail: MailCarrier, status: int, outcome: Any
) -> None:
    mailbox.behave(**{ALICE: {"status": status, "times": 1}})
    assert mail.send(letter()) == outcome
    assert mail.send(letter("bob@example.com")) == Sent(), "the next one has nothing to do with it"
    assert mail.send(letter()) == Sent()


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ({"status": 422}, Refused("gateway_422")),
        ({"status": 400}, Refused("gateway_400")),
        ({"status": 503, "retry_after": 7}, Later("gateway_503", 7.0)),
        ({"status": 429, "retry_after": "Sat, 28 Nov 2026 22:00:00 GMT"}, Later("gateway_429")),
        ({"status": 401}, Later("gateway_401")),
        ({"status": 500}, Later("gateway_500")),
    ],
)
def test_what_a_gateway_refuses_for_good_is_not_tried_again(
    mailbox: Mailbox, sms: SmsCarrier, behaviour: dict[str, Any], outcome: Any
) -> None:
    mailbox.behave(**{NUMBER: {**behaviour, "times": 1}})
    assert sms.send(letter(NUMBER)) == outcome
    assert mailbox.to(NUMBER) == []
    assert sms.send(letter(NUMBER)) == Sent()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_with_token_and_text(
    mailbox: Mailbox, sms: SmsCarrier, status: int
) -> None:
    elsewhere = f"{mailbox.address}/sms"
    mailbox.behave(**{NUMBER: {"status": status, "location": elsewhere, "times": 1}})
    assert sms.send(letter(NUMBER)) == Later(f"gateway_{status}")
    assert mailbox.to(NUMBER) == []


def test_a_wrong_token_is_the_operators_to_repair(mailbox: Mailbox) -> None:
    wrong = SmsCarrier(mailbox.settings["SMS_GATEWAY_URL"], "wrong")
    assert wrong.send(letter(NUMBER)) == Later("gateway_401")


def test_a_yes_that_gets_lost_is_asked_for_again_under_the_same_id(
    mailbox: Mailbox, mail: MailCarrier, sms: SmsCarrier
) -> None:
    mailbox.behave(**{"*": {"drop": True, "times": 1}})
    a_mail = letter()
    assert isinstance(mail.send(a_mail), Later)
    assert mail.send(a_mail) == Sent()
    assert [come["id"] for come in mailbox.to(ALICE)] == [f"<{a_mail.id}@hereabouts.example>"] * 2
    mailbox.behave(**{"*": {"drop": True, "times": 1}})
    a_text = letter(NUMBER)
    assert isinstance(sms.send(a_text), Later)
    assert sms.send(a_text) == Sent()
    assert [come["id"] for come in mailbox.to(NUMBER)] == [str(a_text.id)] * 2


def test_a_server_that_is_away_is_so_for_all() -> None:
    nowhere = free_port()
    mail = MailCarrier(mail_server(f"smtp://127.0.0.1:{nowhere}"), sender("no-reply@example.com"))
    assert mail.send(letter()) == Later("ConnectionRefusedError", by_all=True)
    sms = SmsCarrier(f"http://127.0.0.1:{nowhere}/sms", "token")
    assert isinstance(sms.send(letter(NUMBER)), Later)


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_nothing_is_said_in_clear_to_a_server_that_should_know_tls(mailbox: Mailbox, scheme: str) -> None:
    port = mail_server(mailbox.settings["SMTP_URL"]).port
    server = mail_server(f"{scheme}://127.0.0.1:{port}")
    carrier = MailCarrier(server._replace(starttls=scheme == "smtp"), sender("no-reply@example.com"))
    outcome = carrier.send(letter())
    assert isinstance(outcome, Later)
    assert outcome.by_all
    assert mailbox.to(ALICE) == []


def test_the_page_shows_what_came_and_runs_nothing_of_it(mailbox: Mailbox, sms: SmsCarrier) -> None:
    sms.send(letter(NUMBER, text="<script>alert(1)</script>"))
    page = mailbox.page()
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
