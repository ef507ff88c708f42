"""People who walk in and out of scopes at random, and others who post there meanwhile, through several processes."""

import random
import threading
from collections.abc import Callable
from typing import Any

import requests

from tests.live.ears import Ear


class Manager:
    """The administrator, at one of the processes."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"

    def does(self, method: str, path: str, body: Any = None, *also: int) -> Any:
        """A request that succeeds, or fails with a status that is understood."""
        answer = self._http.request(method, self._address + path, json=body, timeout=60)
        assert answer.ok or answer.status_code in also, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None


class Walks:
    """Threads that write; `run` ends when all posts are written, and says when one of them failed."""

    def __init__(self, addresses: list[str], token: str, seed: int) -> None:
        self._addresses, self._token, self._seed = addresses, token, seed
        self._failures: list[BaseException] = []
        self._posted = threading.Event()

    def run(self, posting: list[Callable[[Manager, random.Random], None]], walking: list[Any]) -> None:
        """Post until all is posted, and walk meanwhile."""
        posters = [self._thread(n, act) for n, act in enumerate(posting)]
        walkers = [self._thread(n, self._until_posted(act)) for n, act in enumerate(walking, len(posting))]
        for thread in posters:
            thread.join()
        self._posted.set()
        for thread in walkers:
            thread.join()
        assert not self._failures, self._failures

    def _until_posted(self, act: Any) -> Any:
        def walk(manager: Manager, chance: random.Random) -> None:
            while not self._posted.is_set():
                act(manager, chance)

        return walk

    def _thread(self, number: int, act: Any) -> threading.Thread:
        manager = Manager(self._addresses[number % len(self._addresses)], self._token)

        def work() -> None:
            try:
                act(manager, random.Random(self._seed + number))
            except BaseException as failure:  # told by `run`, which fails the test
                self._failures.append(failure)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread


class Ears:
    """The sockets of some persons, two each; the second of each wanders from process to process."""

    def __init__(self, addresses: list[str], tokens: dict[str, str]) -> None:
        self._addresses, self._tokens = addresses, tokens
        self._persons = list(tokens)
        self.steady = [self._open(person, n) for n, person in enumerate(self._persons)]
        self.wandering = [self._open(person, n + 1) for n, person in enumerate(self._persons)]
        self.gone: list[Ear] = []

    def wander(self, _: Manager, chance: random.Random) -> None:
        """Somebody's app connects again, elsewhere."""
        n = chance.randrange(len(self._persons))
        self.wandering[n].close()
        self.gone.append(self.wandering[n])
        self.wandering[n] = self._open(self._persons[n], chance.randrange(len(self._addresses)))

    def _open(self, person: str, number: int) -> Ear:
        return Ear(self._addresses[number % len(self._addresses)], self._tokens[person], person)
