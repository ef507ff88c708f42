"""A tablet at the gate, and people who type a PIN on it."""

from typing import Any

from tests.world import Organisation, Phone

PIN = "271828"


def shared_device(org: Organisation, site: str, pause_seconds: int = 60, **members: Any) -> dict[str, Any]:
    """An administrator makes one; the answer has its code."""
    body = {"name": "Gate", "site_id": site, "pause_seconds": pause_seconds, **members}
    return org.admin.post("/v1/admin/shared-devices", body, 201)


class Tablet(Phone):
    """A shared device: it shows names, and lets people in one after another."""

    secret: str = ""

    def enrols(self, code: str, status: int = 201) -> Any:
        """With the code of an administrator."""
        answer = self.post("/v1/shared-devices/enrol", {"code": code, "platform": "android"}, status)
        self.secret = answer.get("secret", self.secret)
        return answer

    def shows(self, beginning: str, status: int = 200) -> Any:
        """The names that begin so; or the refusal."""
        path = f"/v1/shared-devices/people?q={beginning}"
        answer = self.request("GET", path, Authorization=f"Device {self.secret}")
        assert answer.status_code == status, answer.get_data(as_text=True)
        return [each["name"] for each in answer.get_json()["items"]] if status == 200 else answer.get_json()

    def lets_in(self, person: Phone | None, pin: str = PIN, status: int = 201, **members: Any) -> Any:
        """Somebody types a PIN; the tablet keeps their session. Returns what was answered."""
        body = {**({} if person is None else {"person_id": person.id}), "pin": pin, **members}
        answer = self.request(
            "POST", "/v1/shared-devices/sessions", body, Authorization=f"Device {self.secret}"
        )
        assert answer.status_code == status, answer.get_data(as_text=True)
        if status == 201:
            self.keeps(answer.get_json())
        return answer.get_json()


def tablet(org: Organisation, site: str, pause_seconds: int = 60) -> Tablet:
    """One that is enrolled."""
    made = Tablet(org, "Tablet")
    made.enrols(shared_device(org, site, pause_seconds)["code"])
    return made


def chooses_pin(person: Phone, pin: str = PIN, status: int = 204) -> Any:
    """On a device of their own."""
    return person.put("/v1/me/pin", {"pin": pin}, status)


def worker(org: Organisation, name: str, site: str, pin: str = PIN) -> Phone:
    """Somebody of a site, with a PIN."""
    person = org.person(name, scopes=[site])
    chooses_pin(person, pin)
    return person
