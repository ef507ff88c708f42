"""Where mails and short messages go, as settings tell it."""

import pytest

from base.carriers import is_plain_address, mail_server, sender
from base.settings import SettingsError, load_settings

GOOD = {"DATABASE_URL": "postgresql://localhost/x", "SECRET_KEY": "s" * 32}


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "starttls"),
    [
        ("smtps://mail.example.com", "mail.example.com", 465, True, False),
        ("smtp://mail.example.com", "mail.example.com", 587, False, True),
        ("smtp://mail.example.com:25/", "mail.example.com", 25, False, True),
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, False, False),
        ("smtp://[2001:db8::1]:25", "2001:db8::1", 25, False, True),
    ],
)
def test_mail_goes_in_clear_to_this_machine_alone(
    url: str, host: str, port: int, tls: bool, starttls: bool
) -> None:
    server = mail_server(url)
    assert (server.host, server.port, server.tls, server.starttls) == (host, port, tls, starttls)


def test_special_characters_of_a_password_are_written_as_in_any_url() -> None:
    server = mail_server("smtps://post%40example.com:p%2Fw%3A@mail.example.com")
    assert (server.user, server.password) == ("post@example.com", "p/w:")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "http://mail.example.com"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://host:port"),
        ("SMTP_URL", "smtp://SECRET@mail.example.com"),
        ("SMTP_URL", "smtp://user:SEC/RET@mail.example.com"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@example.com, b@example.com"),
        ("MAIL_FROM", "Depot <a@example.com>\nBcc: b@example.com"),
        ("SMS_GATEWAY_URL", "http://sms.example.com/send"),
        ("SMS_GATEWAY_URL", "https://user:SECRET@sms.example.com"),
        ("SMS_GATEWAY_URL", "https://sms.example.com/\r\nX: y"),
        ("SMS_GATEWAY_URL", "ftp://sms.example.com"),
        ("SMS_GATEWAY_TOKEN", "SECRET token"),
        ("SMS_GATEWAY_TOKEN", "SECRET\r\nX: y"),
        ("SMS_GATEWAY_TOKEN", ""),
    ],
)
def test_mistakes_are_told_by_name_and_without_secrets(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} (?!and)") as told:
        load_settings({**GOOD, name: value})
    assert "SEC" not in str(told.value).replace("SECRET_KEY", "")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"SMTP_URL": "smtps://mail.example.com"}, "MAIL_FROM"),
        ({"MAIL_FROM": "a@example.com"}, "SMTP_URL"),
        ({"SMS_GATEWAY_URL": "https://sms.example.com"}, "SMS_GATEWAY_TOKEN"),
        ({"SMS_GATEWAY_TOKEN": "token"}, "SMS_GATEWAY_URL"),
    ],
)
def test_what_is_of_no_use_alone_is_a_mistake(given: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsError, match=f"{missing}.* go together|go together.*{missing}|and {missing}"):
        load_settings({**GOOD, **given})


def test_nothing_is_sent_where_nothing_is_set() -> None:
    settings = load_settings(GOOD)
    assert (settings.smtp_url, settings.sms_gateway_url) == (None, None)


@pytest.mark.parametrize(
    ("given", "name", "address"),
    [
        ("no-reply@example.com", "", "no-reply@example.com"),
        ("Hereabouts <no-reply@example.com>", "Hereabouts", "no-reply@example.com"),
        ("한강 조선소 <no-reply@example.com>", "한강 조선소", "no-reply@example.com"),
    ],
)
def test_a_sender_may_have_a_name(given: str, name: str, address: str) -> None:
    assert sender(given) == (name, address)


@pytest.mark.parametrize(
    "address", ["", "a", "@b", "a@", "a b@c", "a@b\n", "<a@b>", "a@b,c@d", '"a"@b', "a@b@c", "a@b:c", "a\\@b"]
)
def test_what_is_more_or_less_than_one_address_is_not_plain(address: str) -> None:
    assert not is_plain_address(address)
