"""The one form of each identifier, in which it is kept and compared, whoever typed it and however.

    email             an address in small letters (`base.text.address`)
    phone             E.164: `010-1234-5678` in Korea and `+82 10 1234 5678` are `+821012345678`
    employee_number   folded: the same letters and figures without case, width and spaces
    username          the same

The forms of the kinds are apart: only addresses have an `@`, and what reads as a telephone number is nothing else. So
what somebody types to sign in is read in one way, and names one person.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from base.errors import Invalid
from base.text import address, is_piled, one_line, shows_something, steering

EMAIL, PHONE, EMPLOYEE_NUMBER, USERNAME = "email", "phone", "employee_number", "username"
KINDS = (EMAIL, PHONE, EMPLOYEE_NUMBER, USERNAME)
LONGEST = 254
DEFAULT_COUNTRY = "KR"
_LENGTHS: Mapping[str, tuple[int, int]] = {
    EMAIL: (3, LONGEST),
    PHONE: (3, 40),
    EMPLOYEE_NUMBER: (1, 64),
    USERNAME: (3, 64),
}
_DIALLED = re.compile(r"\+?[0-9 ().\-/\u2010-\u2015\u2212]+")
# Numbers that are somebody's own; a code sent to others would ring nowhere, or cost the organisation dearly.
_PERSONAL = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.VOIP,
    }
)
# As mail servers take it, and not all that RFC 5322 allows: no quoted names, no addresses of machines.
_EMAIL = re.compile(
    r"(?![.])(?!.*[.]{2})[^\s@\"(),:;<>\[\\\]]{1,64}(?<![.])@"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?[.])+[^\W_](?:[\w-]{0,61}[^\W_])"
)


@dataclass(frozen=True)
class Form:
    """An identifier that was judged: its kind, the form in which it is compared, and what somebody wrote."""

    kind: str
    value: str
    written: str


def parse(kind: str, written: str, country: str, pointer: str = "/value") -> Form:
    """Judge an identifier that is to be kept; `country` (ISO 3166) is where numbers without a prefix are of.

    Raises `Invalid` at `pointer`.
    """
    low, high = _LENGTHS[kind]
    # Measured first: composing a pile of marks takes the square of its height.
    kept = "" if len(written) > LONGEST or is_piled(written) else one_line(written)
    if not low <= len(kept) <= high or not shows_something(kept) or steering(kept) is not None:
        raise Invalid.at(pointer, f"From {low} to {high} characters, all of them to be seen.")
    return Form(kind, _VALUES[kind](kept, country, pointer), kept)


def read(typed: str, country: str) -> str:
    """The form of what somebody typed who signs in, of whatever kind it is; what is none finds nobody."""
    if "@" in typed:
        return address(typed)
    number = _number(typed, country)
    return _folded(typed) if number is None else _e164(number)


def beginnings(typed: str, country: str) -> list[str]:
    """With what the form of an identifier begins whose beginning somebody typed; of a number, so many figures."""
    dialled = _plain(typed)
    forms = [address(typed) if "@" in typed else _folded(typed)]
    figures = re.sub(r"[^0-9]", "", dialled)
    if figures and _DIALLED.fullmatch(dialled):
        code = "" if dialled.startswith("+") else str(phonenumbers.country_code_for_region(country))
        forms.append(f"+{code}{figures.removeprefix('0')}")
    return forms


def country_in(settings: Mapping[str, object]) -> str:
    """The country of an organisation's telephone numbers, by its settings."""
    country = str(settings.get("country"))
    return country if country in phonenumbers.SUPPORTED_REGIONS else DEFAULT_COUNTRY


def _email(written: str, _country: str, pointer: str) -> str:
    value = address(written)
    if _EMAIL.fullmatch(value) is None:
        raise Invalid.at(pointer, "Not a valid email address.")
    return value


def _phone(written: str, country: str, pointer: str) -> str:
    number = _number(written, country)
    if number is None or phonenumbers.number_type(number) not in _PERSONAL:
        raise Invalid.at(pointer, "Not a telephone number that somebody has.")
    return _e164(number)


def _name(written: str, country: str, pointer: str) -> str:
    if "@" in _plain(written) or _number(written, country) is not None:
        raise Invalid.at(pointer, "It reads as an address or a telephone number.")
    return _folded(written)


_VALUES = {EMAIL: _email, PHONE: _phone, EMPLOYEE_NUMBER: _name, USERNAME: _name}


def _number(typed: str, country: str) -> phonenumbers.PhoneNumber | None:
    """The telephone number that a text is, or None. Letters are no figures here, though telephones have them."""
    dialled = _plain(typed)
    if not _DIALLED.fullmatch(dialled):
        return None
    try:
        number = phonenumbers.parse(dialled, country)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _plain(typed: str) -> str:
    """Without wide and other forms of the same letters and figures."""
    return unicodedata.normalize("NFKC", one_line(typed))


def _folded(typed: str) -> str:
    return unicodedata.normalize("NFKC", "".join(_plain(typed).casefold().split()))
