"""From the queue to the mailbox: once each, the urgent first, in time or not at all, and nothing is kept of it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import select, text
from structlog.testing import CapturingLogger

from base import clock
from base.sealing import Sealer
from base.settings import load_settings
from jobs.messages import carriers
from jobs.schedules import jobs
from people.messages import sending as sending_module
from people.messages.claims import BATCH, KEPT, LEASE, claim
from people.messages.models import Message
from people.messages.queue import Channel
from people.messages.sending import Postman
from tests.stories.mailbox import Mailbox
from tests.stories.messages import became, queues, sealer_of
from tests.world import Organisation, World

ALICE, BOB, NUMBER = "alice@example.com", "bob@example.com", "+821012345678"
MINUTE = timedelta(minutes=1)


@contextmanager
def postman(org: Organisation, mailbox: Mailbox, channel: Channel = Channel.MAIL) -> Iterator[Postman]:
    """One who sends to the stand-in, as a worker's thread."""
    world = org.world
    settings = load_settings(world.environment | mailbox.settings)
    yield Postman(world.worker, sealer_of(org), channel, carriers(settings)[channel])


def sends(org: Organisation, mailbox: Mailbox, channel: Channel = Channel.MAIL) -> None:
    """Send all that is due."""
    with postman(org, mailbox, channel) as sending:
        while sending.work():
            pass


def runs(world: World, name: str) -> None:
    """Run a scheduled job."""
    (job,) = [job for job in jobs() if job.name == name]
    with world.worker.transaction() as session:
        job.run(session)


def texts(mailbox: Mailbox, to: str) -> list[str]:
    return [message["text"] for message in mailbox.to(to)]


def test_what_is_queued_comes_in_the_language_of_whoever_gets_it(org: Organisation, mailbox: Mailbox) -> None:
    in_english, in_korean = queues(org, ALICE), queues(org, NUMBER, locale="ko")
    sends(org, mailbox)
    sends(org, mailbox, Channel.SMS)
    (mail,), (short,) = mailbox.to(ALICE), mailbox.to(NUMBER)
    assert (mail["subject"], mail["code"]) == ("Depot: your code to sign in", "493027")
    assert short["text"] == "[Depot] 로그인 코드 493027 (10분 유효). 누구에게도 알려 주지 마세요."
    assert became(org, in_english) == became(org, in_korean) == ("sent", False)


def test_of_several_workers_each_message_is_sent_by_one(org: Organisation, mailbox: Mailbox) -> None:
    for number in range(3 * BATCH):
        queues(org, f"n{number}@example.com")
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: sends(org, mailbox), range(4)))
    assert [len(mailbox.to(f"n{number}@example.com")) for number in range(3 * BATCH)] == [1] * 3 * BATCH


def test_a_code_does_not_stand_behind_invitations(org: Organisation, mailbox: Mailbox) -> None:
    link = "https://example.com/join#7K2M"
    for number in range(BATCH + 5):
        to = f"n{number}@example.com"
        queues(org, to, template="invitation", good_for=timedelta(days=14), link=link, until="12 May")
    queues(org, ALICE)
    with postman(org, mailbox) as sending:
        sending.work()
    assert mailbox.to(ALICE)
    assert len(mailbox.to("n0@example.com")) <= 1


def test_what_comes_too_late_is_not_sent_and_nothing_of_it_is_kept(
    org: Organisation, mailbox: Mailbox, later: Callable[[timedelta], None]
) -> None:
    message = queues(org, ALICE)
    later(10 * MINUTE)
    sends(org, mailbox)
    assert mailbox.to(ALICE) == []
    runs(org.world, "end_expired_messages")
    assert became(org, message) == ("expired", False)
    later(KEPT + MINUTE)
    runs(org.world, "forget_old_messages")
    with org.world.worker.transaction() as session:
        assert session.scalars(select(Message)).all() == []


def test_what_is_refused_for_now_comes_later_and_each_time_later(
    org: Organisation, mailbox: Mailbox, later: Callable[[timedelta], None]
) -> None:
    message = queues(org, ALICE)
    mailbox.behave(**{ALICE: {"status": 451, "times": 3}})
    pauses: list[float] = []
    for _ in range(3):
        sends(org, mailbox)
        with org.world.worker.transaction() as session:
            due_at = session.scalars(select(Message.due_at)).one()
        pauses.append((due_at - clock.now()).total_seconds())
        sends(org, mailbox)
        assert mailbox.to(ALICE) == [], "not at once"
        later(timedelta(seconds=pauses[-1] + 0.1))
    assert 2 < pauses[0] <= 5 < pauses[1] + 1 <= 11
    assert 9 < pauses[2] <= 20
    sends(org, mailbox)
    assert became(org, message) == ("sent", False)
    assert len(mailbox.to(ALICE)) == 1


def test_what_is_refused_for_good_holds_up_nobody(org: Organisation, mailbox: Mailbox) -> None:
    refused, taken = queues(org, ALICE), queues(org, BOB)
    mailbox.behave(**{ALICE: {"status": 550}})
    sends(org, mailbox)
    assert became(org, refused) == ("recipient_550", False)
    assert became(org, taken) == ("sent", False)


def test_what_a_killed_worker_had_is_sent_when_its_lease_is_over(
    org: Organisation, mailbox: Mailbox, later: Callable[[timedelta], None]
) -> None:
    message = queues(org, ALICE)
    with org.world.worker.transaction() as session:
        assert len(claim(session, Channel.MAIL)) == 1
    sends(org, mailbox)
    assert mailbox.to(ALICE) == []
    later(LEASE + timedelta(seconds=1))
    sends(org, mailbox)
    assert became(org, message) == ("sent", False)


def test_a_server_that_is_away_is_asked_once_a_batch(org: Organisation, mailbox: Mailbox) -> None:
    messages = [queues(org, ALICE) for _ in range(3)]
    away = load_settings(org.world.environment | {"SMTP_URL": "smtp://127.0.0.1:9"})
    sending = Postman(org.world.worker, sealer_of(org), Channel.MAIL, carriers(away)[Channel.MAIL])
    assert sending.work()
    assert [became(org, message) for message in messages] == [(None, True)] * 3
    with org.world.worker.transaction() as session:
        reasons = set(session.scalars(select(Message.outcome)))
    assert reasons == {"ConnectionRefusedError"}


def test_what_the_former_secret_sealed_is_still_sent_and_what_none_did_is_given_up(
    org: Organisation, mailbox: Mailbox
) -> None:
    readable, foreign = queues(org, ALICE), queues(org, BOB)
    with org.world.worker.transaction() as session:
        session.get_one(Message, foreign).sealed = Sealer("x" * 32, None).sealed("{}")
    settings = load_settings(org.world.environment | mailbox.settings)
    after_a_change = Sealer("n" * 32, org.world.settings.secret_key)
    Postman(org.world.worker, after_a_change, Channel.MAIL, carriers(settings)[Channel.MAIL]).work()
    assert became(org, readable) == ("sent", False)
    assert became(org, foreign) == ("unsealable", False)


def test_a_template_of_the_next_release_waits_for_a_worker_that_knows_it(
    org: Organisation, mailbox: Mailbox
) -> None:
    unknown, known = queues(org, ALICE, template="of_next_year"), queues(org, BOB)
    sends(org, mailbox)
    assert became(org, unknown) == (None, True)
    assert became(org, known) == ("sent", False)


def test_neither_rows_nor_logs_tell_whom_it_went_to_or_what_it_said(
    org: Organisation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()
    listening = structlog.wrap_logger(log, [structlog.processors.JSONRenderer()], structlog.BoundLogger)
    monkeypatch.setattr(sending_module, "log", listening)
    for to in (ALICE, BOB):
        queues(org, to, code="SECRETcode")
    with org.world.worker.transaction() as session:
        before = session.scalars(text("SELECT CAST(m AS text) FROM messages m")).all()
    mailbox.behave(**{ALICE: {"status": 550}})
    sends(org, mailbox)
    with org.world.worker.transaction() as session:
        after = session.scalars(text("SELECT CAST(m AS text) FROM messages m")).all()
    told = str(log.calls)
    assert "message_sent" in told
    assert "recipient_550" in told
    everything = "\n".join([*before, *after, told])
    assert not [secret for secret in (ALICE, BOB, "SECRETcode") if secret in everything]
