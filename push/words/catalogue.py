"""The words of notifications, by language. A new language is one more entry; a test holds all to the same keys.

`{place}` is the scope's name, `{author}` who wrote. `label` says what it is without either; `sender` is the title, and
`said` the body, where the scope lets out who wrote and not what; `headline` is the title above the words themselves.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Words(NamedTuple):
    """What one kind of notification says, at each level of content."""

    label: str
    sender: str
    said: str
    headline: str


_BY = "{author} · {place}"

CATALOGUE: Mapping[str, Mapping[str, Words]] = {
    "en": {
        "message": Words("New message", _BY, "New message", _BY),
        "mention": Words("You were mentioned", _BY, "Mentioned you", "{author} mentioned you · {place}"),
        "reply": Words("New reply", _BY, "Replied to you", "{author} replied · {place}"),
        "direct": Words("New direct message", "{author}", "New message", "{author}"),
        "announcement": Words("Announcement", _BY, "New announcement", "Announcement · {place}"),
        "alert": Words("Alert", "Alert · {place}", "From {author}. Open the app now.", "Alert · {place}"),
        "alert_reminded": Words(
            "Alert: please answer",
            "Alert: please answer · {place}",
            "{author} still waits for your answer.",
            "Alert: please answer · {place}",
        ),
        "alert_unanswered": Words(
            "Alert: some have not answered",
            "Alert: some have not answered · {place}",
            "Open the app to see who.",
            "Alert: some have not answered · {place}",
        ),
        "muster": Words(
            "Roll call", "Roll call · {place}", "Say in the app whether you are safe.", "Roll call · {place}"
        ),
        "digest": Words("What you missed", "What you missed", "Open the app to read it.", "What you missed"),
        "test": Words("Test", "Test", "Notifications reach this phone.", "Test"),
        "sign_in": Words(
            "New sign-in", "New sign-in", "If it was not you, end that session in the app.", "New sign-in"
        ),
    },
    "ko": {
        "message": Words("새 메시지", _BY, "새 메시지", _BY),
        "mention": Words(
            "회원님이 언급됨", _BY, "회원님을 언급했습니다", "{author}님이 회원님을 언급 · {place}"
        ),
        "reply": Words("새 답글", _BY, "회원님에게 답글을 남겼습니다", "{author}님의 답글 · {place}"),
        "direct": Words("새 다이렉트 메시지", "{author}", "새 메시지", "{author}"),
        "announcement": Words("공지", _BY, "새 공지", "공지 · {place}"),
        "alert": Words("경보", "경보 · {place}", "보낸 사람: {author}. 지금 앱을 여세요.", "경보 · {place}"),
        "alert_reminded": Words(
            "경보: 응답해 주세요",
            "경보: 응답해 주세요 · {place}",
            "{author}님이 응답을 기다리고 있습니다.",
            "경보: 응답해 주세요 · {place}",
        ),
        "alert_unanswered": Words(
            "경보: 미응답자 있음",
            "경보: 미응답자 있음 · {place}",
            "앱에서 누구인지 확인하세요.",
            "경보: 미응답자 있음 · {place}",
        ),
        "muster": Words("점호", "점호 · {place}", "앱에서 안전 여부를 알려 주세요.", "점호 · {place}"),
        "digest": Words("놓친 소식", "놓친 소식", "앱에서 확인하세요.", "놓친 소식"),
        "test": Words("테스트", "테스트", "이 휴대전화로 알림이 도착합니다.", "테스트"),
        "sign_in": Words(
            "새 로그인", "새 로그인", "본인이 아니라면 앱에서 해당 세션을 종료하세요.", "새 로그인"
        ),
    },
}
LOCALES = tuple(CATALOGUE)
