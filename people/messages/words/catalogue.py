"""The words of messages, by language and template. A new template is one more entry in each; a test holds them alike.

`{values}` are given by whoever queues the message. A link and a code stand alone on their line, so that a phone finds
them. No message asks for anything that somebody else could use: whoever did not expect it has nothing to do.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Words(NamedTuple):
    """One message: a mail's subject and text, and the same as a short message."""

    subject: str
    mail: str
    sms: str


def _mail(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"


_ENGLISH: Mapping[str, Words] = {
    "one_time_code": Words(
        "{organisation}: your code to sign in",
        _mail(
            "Your code to sign in to {organisation}:",
            "{code}",
            "It is good for {minutes} minutes, once, and on the device on which it was asked for.",
            "If you did not ask for it, do nothing, and tell the code to nobody.",
        ),
        "{organisation}: your code to sign in is {code}. Good for {minutes} minutes. Tell it to nobody.",
    ),
    "verification": Words(
        "{organisation}: confirm that this reaches you",
        _mail(
            "Type this code in the app, to confirm that messages of {organisation} reach you here:",
            "{code}",
            "It is good for {minutes} minutes. If you did not ask for it, do nothing.",
        ),
        "{organisation}: {code} confirms that this number is yours. Good for {minutes} minutes.",
    ),
    "invitation": Words(
        "You are invited to {organisation}",
        _mail(
            "You are invited to {organisation}. Open this on your phone:",
            "{link}",
            "It is good until {until}. If you know nothing of it, do nothing.",
        ),
        "You are invited to {organisation}, until {until}: {link}",
    ),
    "invitation_code": Words(
        "You are invited to {organisation}",
        _mail(
            "You are invited to {organisation}. Type this code in the app:",
            "{code}",
            "It is good until {until}. If you know nothing of it, do nothing.",
        ),
        "You are invited to {organisation}, until {until}. Type this code in the app: {code}",
    ),
    "registration": Words(
        "{organisation}: your code to register",
        _mail(
            "Your code to register with {organisation}:",
            "{code}",
            "It is good for {minutes} minutes. If you did not ask for it, do nothing, and tell the code to nobody.",
        ),
        "{organisation}: your code to register is {code}. Good for {minutes} minutes. Tell it to nobody.",
    ),
    "registration_known": Words(
        "{organisation}: you have an account",
        _mail(
            "Somebody asked to register with {organisation} with this address. You have an account there already.",
            "Sign in, with your password or with a code that you ask for. If it was not you, do nothing.",
        ),
        "You have an account with {organisation} already. Sign in with it.",
    ),
    "registration_approved": Words(
        "Welcome to {organisation}",
        _mail("You may sign in to {organisation} now, with what you chose when you registered."),
        "You may sign in to {organisation} now.",
    ),
    "registration_refused": Words(
        "{organisation}: your registration",
        _mail(
            "Your registration with {organisation} was not accepted.",
            "Ask somebody there if you think that this is a mistake.",
        ),
        "Your registration with {organisation} was not accepted.",
    ),
}
_KOREAN: Mapping[str, Words] = {
    "one_time_code": Words(
        "{organisation}: 로그인 코드",
        _mail(
            "{organisation} 로그인 코드입니다.",
            "{code}",
            "{minutes}분 동안, 요청한 기기에서 한 번만 사용할 수 있습니다.",
            "요청한 적이 없다면 아무것도 하지 마시고, 코드를 누구에게도 알려 주지 마세요.",
        ),
        "[{organisation}] 로그인 코드 {code} ({minutes}분 유효). 누구에게도 알려 주지 마세요.",
    ),
    "verification": Words(
        "{organisation}: 주소 확인",
        _mail(
            "{organisation}의 메시지가 이 주소로 도착하는지 확인하려면 앱에 다음 코드를 입력하세요.",
            "{code}",
            "{minutes}분 동안 사용할 수 있습니다. 요청한 적이 없다면 아무것도 하지 마세요.",
        ),
        "[{organisation}] 번호 확인 코드 {code} ({minutes}분 유효)",
    ),
    "invitation": Words(
        "{organisation} 초대",
        _mail(
            "{organisation}에 초대되었습니다. 휴대전화에서 다음 링크를 여세요.",
            "{link}",
            "{until}까지 사용할 수 있습니다. 짐작 가는 바가 없다면 아무것도 하지 마세요.",
        ),
        "[{organisation}] 초대되었습니다 ({until}까지): {link}",
    ),
    "invitation_code": Words(
        "{organisation} 초대",
        _mail(
            "{organisation}에 초대되었습니다. 앱에 다음 코드를 입력하세요.",
            "{code}",
            "{until}까지 사용할 수 있습니다. 짐작 가는 바가 없다면 아무것도 하지 마세요.",
        ),
        "[{organisation}] 초대 코드 {code} ({until}까지). 앱에 입력하세요.",
    ),
    "registration": Words(
        "{organisation}: 가입 코드",
        _mail(
            "{organisation} 가입 코드입니다.",
            "{code}",
            "{minutes}분 동안 사용할 수 있습니다.",
            "요청한 적이 없다면 아무것도 하지 마시고, 코드를 누구에게도 알려 주지 마세요.",
        ),
        "[{organisation}] 가입 코드 {code} ({minutes}분 유효). 누구에게도 알려 주지 마세요.",
    ),
    "registration_known": Words(
        "{organisation}: 이미 계정이 있습니다",
        _mail(
            "이 주소로 {organisation} 가입 요청이 있었습니다. 이 주소에는 이미 계정이 있습니다.",
            "비밀번호나 요청한 코드로 로그인하세요. 요청한 적이 없다면 아무것도 하지 마세요.",
        ),
        "[{organisation}] 이미 계정이 있습니다. 로그인하세요.",
    ),
    "registration_approved": Words(
        "{organisation}에 오신 것을 환영합니다",
        _mail("이제 가입할 때 정한 방법으로 {organisation}에 로그인할 수 있습니다."),
        "[{organisation}] 가입이 승인되었습니다. 이제 로그인할 수 있습니다.",
    ),
    "registration_refused": Words(
        "{organisation}: 가입 신청 결과",
        _mail(
            "{organisation} 가입 신청이 승인되지 않았습니다.",
            "잘못된 결과라고 생각되면 조직의 담당자에게 문의하세요.",
        ),
        "[{organisation}] 가입 신청이 승인되지 않았습니다.",
    ),
}
CATALOGUE: Mapping[str, Mapping[str, Words]] = {"en": _ENGLISH, "ko": _KOREAN}
