"""What messages say: alike in each language, and nothing that somebody chose becomes more than a part of a line."""

import string
import unicodedata
from uuid import UUID

import pytest

from people.messages.queue import Channel
from people.messages.words.catalogue import CATALOGUE, Words
from people.messages.words.composing import UnknownTemplate, composed

NOBODY = UUID(int=0)
VALUES = {
    "organisation": "Hangang Shipyard",
    "code": "493027",
    "minutes": "10",
    "link": "https://example.com/join#7K2M9QXAHC4TW8RD",
    "until": "12 May 2027",
}
EVERYTHING = [(locale, template) for locale, words in CATALOGUE.items() for template in words]


def fields(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


def test_each_language_has_all_templates_with_the_same_values() -> None:
    taken = {
        locale: {template: (fields(words.mail), fields(words.sms)) for template, words in templates.items()}
        for locale, templates in CATALOGUE.items()
    }
    assert taken["en"] == taken["ko"]


@pytest.mark.parametrize(("locale", "template"), EVERYTHING)
def test_a_message_is_whole_and_not_long(locale: str, template: str) -> None:
    words: Words = CATALOGUE[locale][template]
    assert fields(words.subject) <= fields(words.mail) <= set(VALUES)
    mail = composed(NOBODY, Channel.MAIL, "a@example.com", template, locale, VALUES)
    assert "{" not in mail.subject + mail.text
    assert "\n" not in mail.subject
    sms = composed(NOBODY, Channel.SMS, "+8210", template, locale, VALUES).text
    width = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in sms)
    assert width <= 160, "more than a short message holds"


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize(
    "name",
    [
        "Depot\r\nBcc: eve@example.com\r\n\r\nPay here: https://eve.example",
        "{code} {organisation.__class__}",
        "\u202eDepot",
        "D\u0000epot",
        "D" * 5_000,
    ],
)
def test_a_name_stays_on_its_line_and_is_never_a_template(channel: Channel, name: str) -> None:
    usual = composed(NOBODY, channel, "to", "one_time_code", "en", VALUES)
    letter = composed(NOBODY, channel, "to", "one_time_code", "en", VALUES | {"organisation": name})
    assert letter.text.count("\n") == usual.text.count("\n")
    assert "\n" not in letter.subject + letter.subject.replace("\r", "\n")
    assert not {"\u202e", "\0", "\r"} & set(letter.text + letter.subject)
    assert letter.text.count("493027") == 1
    assert len(letter.text) < len(usual.text) + 60


def test_a_code_stands_alone_on_its_line_in_a_mail() -> None:
    for locale in CATALOGUE:
        assert "493027" in composed(NOBODY, Channel.MAIL, "a", "verification", locale, VALUES).text.split(
            "\n"
        )


@pytest.mark.parametrize(
    ("template", "values"), [("nonsense", VALUES), ("one_time_code", {"code": "493027"})]
)
def test_what_cannot_be_put_into_words_is_told_as_that(template: str, values: dict[str, str]) -> None:
    with pytest.raises(UnknownTemplate):
        composed(NOBODY, Channel.SMS, "+8210", template, "en", values)


def test_a_language_that_there_is_not_falls_back_on_english() -> None:
    assert composed(NOBODY, Channel.SMS, "", "verification", "fr", VALUES).text.startswith(
        "Hangang Shipyard:"
    )
