"""Short messages through an HTTP gateway.

    POST {SMS_GATEWAY_URL}    Authorization: Bearer {SMS_GATEWAY_TOKEN}    {"id": …, "to": "+8210…", "text": …}

Any 2xx is a yes. An `id` comes twice where a yes got lost; the gateway is to send it once. 400, 404, 410 and 422 are
about this message and final; all else (the token is wrong, the gateway asks for patience or answers nonsense) may be
repaired, and is tried again until the message's time is over. Redirects are not followed: the token and the text are
for the gateway that the operator named, and for no other.
"""

import re
from contextlib import suppress

import requests

from base.database import outside_transaction
from people.messages.outcomes import Later, Letter, Outcome, Refused, Sent

_TIMEOUT_S = (5.0, 10.0)  # to connect, and for each part of the answer's head; its body is not read
_FINAL = (400, 404, 410, 422)
_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")


class SmsCarrier:
    """Hands short messages to one gateway. Not for several threads at once."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = (
            False  # or a .netrc of the machine's would put its own word in the token's place
        )
        self._session.headers["Authorization"] = f"Bearer {token}"

    def send(self, letter: Letter) -> Outcome:
        """Hand over one message; raises nothing that a gateway may bring about."""
        outside_transaction()
        if _NUMBER.fullmatch(letter.to) is None:
            return Refused("number_not_possible")
        body = {"id": str(letter.id), "to": letter.to, "text": letter.text}
        try:
            with self._asked(body) as answer:
                return _outcome(answer)
        except requests.ConnectTimeout as error:
            return Later(type(error).__name__, by_all=True)
        except requests.RequestException as error:
            return Later(type(error).__name__)

    def _asked(self, body: dict[str, str]) -> requests.Response:
        return self._session.post(
            self._url, json=body, timeout=_TIMEOUT_S, allow_redirects=False, stream=True
        )

    def rest(self) -> None:
        """Nothing more to send for now. Connections may stay open."""


def _outcome(answer: requests.Response) -> Outcome:
    if 200 <= answer.status_code < 300:
        return Sent()
    if answer.status_code in _FINAL:
        return Refused(f"gateway_{answer.status_code}")
    after_s = None
    with suppress(ValueError):
        after_s = float(answer.headers.get("Retry-After", ""))
    return Later(f"gateway_{answer.status_code}", after_s)
