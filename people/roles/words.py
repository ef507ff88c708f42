"""The reasons for what somebody can see and do, in English and Korean."""

from datetime import UTC, datetime
from typing import Any

from people.permissions import Permission

_ENGLISH = {
    "organisation_administrator": (
        "Administers {where}: may do everything there but look into groups and conversations that are not their own"
        " and export the audit log."
    ),
    "member": "Has an account: uses the app, and reads and writes to the whole organisation, as all its members do.",
    "visitor": "Is a visitor: uses the app, and belongs to nothing but what they were let into.",
    "service": "Is a program: may what its token was given, and nothing else.",
    "open": "Reads the scopes that are open to all members, and may join them.",
    "assigned": "Was assigned to {where}: reads and writes there.",
    "joined": "Joined {where}, which is open: reads and writes there.",
    "site_manager": "Manages {where}: leads what is said there, sees who is there, runs roll calls, lets people in.",
    "moderator": "Is a moderator of {where}: reads what is said there, and takes away what should not be.",
    "warden": "Is a warden of {where}: sees who is there, and runs roll calls.",
    "compliance_officer": (
        "Is a compliance officer of {where}: reads and exports the audit log, and names other officers."
    ),
    "custom": "Has the role “{name}” in {where}: may {permissions}.",
    "presence": (
        "Reads and writes to places that let in whoever is there, while they are there. Who is where is not told here."
    ),
    "conversations": "Reads and writes in their own groups and conversations, which are told to nobody outside.",
}
_KOREAN = {
    "organisation_administrator": (
        "{where} 관리자입니다. 본인이 속하지 않은 그룹과 대화를 보는 것, 감사 기록을 내보내는 것을 제외한"
        " 모든 작업을 할 수 있습니다."
    ),
    "member": "계정이 있습니다. 다른 구성원과 같이 앱을 사용하고 조직 전체의 글을 읽고 쓸 수 있습니다.",
    "visitor": "방문자입니다. 앱을 사용하며, 출입이 허용된 곳에만 속합니다.",
    "service": "프로그램입니다. 토큰에 부여된 작업만 할 수 있습니다.",
    "open": "모든 구성원에게 열린 곳의 글을 읽고 참여할 수 있습니다.",
    "assigned": "{where}에 배정되었습니다. 그곳의 글을 읽고 쓸 수 있습니다.",
    "joined": "열려 있는 {where}에 참여했습니다. 그곳의 글을 읽고 쓸 수 있습니다.",
    "site_manager": "{where} 관리자입니다. 글을 관리하고, 누가 있는지 보고, 인원 점검을 하고, 사람을 들일 수 있습니다.",
    "moderator": "{where} 글 관리자입니다. 그곳의 글을 읽고 부적절한 글을 내릴 수 있습니다.",
    "warden": "{where} 안전 담당자입니다. 누가 있는지 보고 인원 점검을 할 수 있습니다.",
    "compliance_officer": (
        "{where} 준법 담당자입니다. 감사 기록을 읽고 내보내며, 다른 준법 담당자를 지정할 수 있습니다."
    ),
    "custom": "{where}에서 ‘{name}’ 역할을 맡고 있습니다. 할 수 있는 일: {permissions}.",
    "presence": (
        "그 자리에 있는 사람을 들이는 곳에서는 그곳에 있는 동안 글을 읽고 쓸 수 있습니다."
        " 현재 위치는 여기에 표시하지 않습니다."
    ),
    "conversations": "본인이 속한 그룹과 대화에서 글을 읽고 쓸 수 있습니다. 이는 외부에 표시하지 않습니다.",
}
_MAY: dict[Permission, tuple[str, str]] = {
    Permission.ACCOUNT_USE: ("use the app", "앱 사용"),
    Permission.PRIVACY_MANAGE: ("change the privacy rules", "개인정보 규칙 변경"),
    Permission.PEOPLE_MANAGE: ("manage people and their accounts", "구성원과 계정 관리"),
    Permission.PUSH_MANAGE: ("oversee push notifications", "푸시 알림 관리"),
    Permission.SITES_CREATE: ("add sites", "사이트 추가"),
    Permission.ROLES_MANAGE: ("make roles", "역할 만들기"),
    Permission.SERVICES_MANAGE: ("manage programs and their tokens", "프로그램과 토큰 관리"),
    Permission.POLICY_MANAGE: ("change the rules of signing in", "로그인 규칙 변경"),
    Permission.SHARED_DEVICES_MANAGE: ("manage shared devices", "공용 기기 관리"),
    Permission.HELD_BACK_MANAGE: ("see who is held back, and let them go", "제한된 사용자 확인 및 해제"),
    Permission.AUDIT_READ: ("read the audit log", "감사 기록 읽기"),
    Permission.AUDIT_EXPORT: ("export the audit log", "감사 기록 내보내기"),
    Permission.ROLES_GIVE: ("give roles", "역할 부여"),
    Permission.PLACES_READ: ("see places as they were drawn", "장소 정보 보기"),
    Permission.PLACES_EDIT: ("change places", "장소 변경"),
    Permission.MEMBERS_MANAGE: ("assign people", "사람 배정"),
    Permission.VISITS_READ: ("see who is there", "누가 있는지 보기"),
    Permission.VISITS_EDIT: ("put visits right", "방문 기록 수정"),
    Permission.MARKERS_MANAGE: ("manage codes and beacons", "코드와 비콘 관리"),
    Permission.MUSTERS_RUN: ("run roll calls", "인원 점검"),
    Permission.CHARTER_EDIT: ("change what a site promises", "사이트 약속 변경"),
    Permission.OCCUPANCY_READ: ("see how many are there", "인원수 보기"),
    Permission.SCOPES_EDIT: ("change settings", "설정 변경"),
    Permission.SCOPES_JOIN: ("join", "참여"),
    Permission.POSTS_READ: ("read what is said", "글 읽기"),
    Permission.POSTS_WRITE: ("write", "글 쓰기"),
    Permission.POSTS_MODERATE: ("take away what should not be said", "부적절한 글 내리기"),
    Permission.ANNOUNCE: ("announce", "공지"),
    Permission.ALERT: ("raise alerts", "경보 발령"),
}


def said(
    locale: str,
    what: str,
    about: dict[str, Any],
    *,
    scope: dict[str, str] | None,
    given_by: str | None,
    until: datetime | None,
) -> str:
    """A reason as a sentence, then by whom it was given and until when, as far as that is known."""
    korean = locale == "ko"
    values = {**about, "where": "" if scope is None else _where(scope, korean=korean)}
    values["permissions"] = ", ".join(_MAY[each][korean] for each in about.get("permissions", ()))
    sentences = [(_KOREAN if korean else _ENGLISH)[what].format_map(values)]
    if given_by is not None:
        sentences.append(f"{given_by}님이 부여했습니다." if korean else f"Given by {given_by}.")
    if until is not None:
        at = f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        sentences.append(f"{at}까지입니다." if korean else f"Until {at}.")
    return " ".join(sentences)


def _where(scope: dict[str, str], *, korean: bool) -> str:
    if scope["kind"] == "organisation":
        return "조직 전체" if korean else "the whole organisation"
    if scope["kind"] == "site":
        return f"{scope['name']}(구역 포함)" if korean else f"{scope['name']} with its zones"
    return scope["name"]
