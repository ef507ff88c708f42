"""The sentences that the server writes, in Korean. English is the source.

Every refusal's title and every advice on a place is here, and a test holds it; a `detail` of its own may be in English.
"""

from flask import request

_KOREAN = {
    "Sign in first": "먼저 로그인해 주세요",
    "You may not do this here": "여기에서는 이 작업을 할 수 없습니다",
    "Prove again who you are, then ask again": "본인 확인을 다시 한 뒤 요청해 주세요",
    "There is no such thing here": "찾을 수 없습니다",
    "This conflicts with what is there": "현재 상태와 충돌합니다",
    "This is no longer there": "더 이상 존재하지 않습니다",
    "The body is too large": "본문이 너무 큽니다",
    "The body is nested too deep": "본문의 중첩이 너무 깊습니다",
    "The body has too many values": "본문에 값이 너무 많습니다",
    "The body came too slowly": "본문이 너무 느리게 전송되었습니다",
    "Someone else has changed this meanwhile": "그사이 다른 사람이 변경했습니다",
    "Send If-Match with the ETag of the version that you edit": "수정하려는 버전의 ETag를 If-Match로 보내 주세요",
    "This post is neither an announcement nor an alert": "공지나 경보가 아닙니다",
    "This post asks for no acknowledgement": "확인을 요청하지 않은 게시물입니다",
    "Some of the input is not acceptable": "입력한 내용 중 올바르지 않은 것이 있습니다",
    "Too many attempts; wait a little": "시도가 너무 많습니다. 잠시 후 다시 시도해 주세요",
    "Too many are signing in at this moment; try again": "지금 로그인하는 사람이 너무 많습니다. 다시 시도해 주세요",
    "This password is too easily guessed.": "추측하기 쉬운 비밀번호입니다",
    "You are not, or no longer, a member here": "이곳의 구성원이 아니거나 더 이상 구성원이 아닙니다",
    "The organisation, address or password is not right": "조직, 이메일 또는 비밀번호가 올바르지 않습니다",
    "This refresh token is not valid; sign in again": "로그인이 만료되었습니다. 다시 로그인해 주세요",
    "The access token has expired; refresh it": "액세스 토큰이 만료되었습니다",
    "This session has ended; sign in again.": "세션이 종료되었습니다. 다시 로그인해 주세요",
    "This invitation code is not, or no longer, good": "초대 코드가 올바르지 않거나 만료되었습니다",
    "There is an account with this address": "이미 사용 중인 이메일입니다",
    "Somebody signs in with this already": "이미 다른 사람이 로그인에 사용하고 있습니다",
    "End another one first": "먼저 다른 로그인 수단을 삭제해 주세요",
    "Nobody could sign in any more; add another one first": (
        "로그인할 수 있는 수단이 남지 않습니다. 먼저 다른 것을 추가해 주세요"
    ),
    "This account is open": "사용 중인 계정입니다",
    "Visitors come again with a new account": "방문자는 새 계정으로 다시 방문합니다",
    "What the person signed in with is taken; give another identifier": (
        "이전 로그인 수단을 다른 사람이 사용하고 있습니다. 다른 것을 입력해 주세요"
    ),
    "The present password is not right": "현재 비밀번호가 올바르지 않습니다",
    "The organisation, address or code is not right, or the code is no longer good": (
        "조직, 이메일 또는 코드가 올바르지 않거나 코드가 만료되었습니다"
    ),
    "The organisation, name or code is not right, or the code is no longer good on this device": (
        "조직, 이름 또는 코드가 올바르지 않거나 이 기기에서 코드가 만료되었습니다"
    ),
    "The code is not right, or no longer good": "코드가 올바르지 않거나 만료되었습니다",
    "Messages of this kind are not sent here": "이 서버에서는 이 종류의 메시지를 보내지 않습니다",
    "Nothing can be sent to this": "이 항목으로는 메시지를 보낼 수 없습니다",
    "This is verified already": "이미 확인되었습니다",
    "For your own account this takes its password": "본인 계정은 비밀번호를 입력해야 변경할 수 있습니다",
    "This account is closed": "종료된 계정입니다",
    "Nobody signs in to this account with a password": "비밀번호로 로그인하지 않는 계정입니다",
    "An organisation keeps an administrator; make another one first": (
        "조직에는 관리자가 한 명 이상 있어야 합니다. 먼저 다른 관리자를 지정해 주세요"
    ),
    "The service is not available for a moment; try again": "잠시 서비스를 이용할 수 없습니다. 다시 시도해 주세요",
    "Something went wrong on our side": "서버에 문제가 발생했습니다",
    "Consent to presence has not been given": "위치 정보 이용에 아직 동의하지 않았습니다",
    "Sharing is paused": "위치 공유가 일시 중지되어 있습니다",
    "Nothing is taken at this hour": "지금은 위치를 받지 않는 시간입니다",
    "This site shows numbers, not persons": "이 사이트는 인원수만 보여 주며 개인은 표시하지 않습니다",
    "Check in here first": "먼저 이곳에서 체크인해 주세요",
    "It is not known that you were here then": "그때 이곳에 계셨는지 아직 확인되지 않았습니다",
    "This scope does not show who has read what": "이곳에서는 읽은 사람을 표시하지 않습니다",
    "A roll call of this place is running": "이 장소에서 이미 인원 점검이 진행 중입니다",
    "A limit below the smallest group would tell of persons here": (
        "최소 집단 크기보다 작은 한도는 개인을 드러낼 수 있어 설정할 수 없습니다"
    ),
    "This account sends no coordinates": "이 계정은 좌표를 보내지 않습니다",
    "This post was deleted": "삭제된 게시물입니다",
    "The post was edited again meanwhile": "그사이 게시물이 다시 수정되었습니다",
    "Somebody has acknowledged these words; end the notice and write another": (
        "이미 확인한 사람이 있습니다. 이 공지를 종료하고 새로 작성해 주세요"
    ),
    "This device has not told where push reaches it": "이 기기에는 푸시 주소가 등록되어 있지 않습니다",
    "This roll call has ended": "종료된 인원 점검입니다",
    "This was done before; its answer is not kept": "이미 처리된 요청이며, 응답은 보관하지 않습니다",
    "A later answer is there already": "더 나중에 보낸 응답이 이미 있습니다",
    "It is too late to send this": "보내기에는 너무 늦었습니다",
    "This position is not in the journal; start over": "알 수 없는 동기화 위치입니다. 처음부터 다시 동기화해 주세요",
    "The events after this position are no longer kept; start over": (
        "이 위치 이후의 기록은 더 이상 보관되지 않습니다. 처음부터 다시 동기화해 주세요"
    ),
    "This Idempotency-Key was used for another request": "이 Idempotency-Key는 다른 요청에 이미 사용되었습니다",
    "This code is not, or no longer, good": "코드가 올바르지 않거나 만료되었습니다",
    "This code has turned; scan the present one": "코드가 바뀌었습니다. 현재 코드를 스캔해 주세요",
    "Nothing here is known by this address": "이 주소로 등록된 것이 없습니다",
    "The time of this cannot be believed any more": "기록된 시각을 더 이상 신뢰할 수 없습니다",
    "The body is not JSON": "본문이 JSON이 아닙니다",
    "Send JSON, with Content-Type: application/json": "Content-Type: application/json으로 JSON을 보내 주세요",
    "The request cannot be understood": "요청을 이해할 수 없습니다",
    "This boundary cannot be used": "이 경계는 사용할 수 없습니다",
    "This takes more time or memory than one request is given": (
        "한 번의 요청에 주어진 시간이나 메모리를 넘는 작업입니다"
    ),
    "This file cannot be used": "이 파일은 사용할 수 없습니다",
    "The place is smaller than what a phone's position can tell; use a QR code or beacon.": (
        "휴대전화 위치로 구분할 수 없을 만큼 작은 장소입니다. QR 코드나 비콘을 사용하세요."
    ),
    "The place is small; some will be taken for in or out by mistake. A QR code or beacon helps.": (
        "장소가 작아 출입이 잘못 판정될 수 있습니다. QR 코드나 비콘을 함께 쓰면 좋습니다."
    ),
    "The place is long and thin; people will seem to leave it while they walk along.": (
        "장소가 길고 좁아서 그 안을 걷는 사람도 나간 것으로 보일 수 있습니다."
    ),
    "With longitude and latitude exchanged, this would lie next to your places.": (
        "경도와 위도를 바꾸면 기존 장소 옆에 놓입니다. 순서가 뒤바뀌지 않았는지 확인하세요."
    ),
    "The place overlaps another one.": "다른 장소와 겹칩니다.",
    "A part of the zone lies outside of its site.": "구역의 일부가 사이트 밖으로 나가 있습니다.",
    "Another place has the same name.": "같은 이름의 장소가 있습니다.",
    "The place lies more than a kilometre away from its site.": "사이트에서 1km 넘게 떨어져 있습니다.",
    "The place is larger than 100 square kilometres.": "장소가 100제곱킬로미터보다 넓습니다.",
    "A simpler outline would do, and be faster on phones.": (
        "더 단순한 윤곽선으로도 충분하며 휴대전화에서 더 빠릅니다."
    ),
    "Not all other places were compared with this one: the outlines are too detailed.": (
        "윤곽선이 너무 세밀하여 다른 장소 가운데 일부와는 비교하지 못했습니다."
    ),
}


def asked_locale() -> str:
    """The language of ours that the present request likes best."""
    for asked, quality in request.accept_languages:  # best first; a region's is the language's
        language = asked.partition("-")[0].lower()
        if language in ("en", "ko") and quality > 0:
            return language
    return "en"


def translated(sentence: str, locale: str) -> str:
    """The sentence in the language, or as it is."""
    return _KOREAN.get(sentence, sentence) if locale == "ko" else sentence
