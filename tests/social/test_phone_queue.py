"""What was done without a network: in order, once, each by itself, with the phone's corrected times."""

from datetime import UTC, datetime, timedelta

from tests.stories.phone_queue import queued, sends, statuses
from tests.stories.statements import statements
from tests.stories.times import ago
from tests.stories.visits import is_seen
from tests.world import Organisation


def test_a_morning_in_the_basement(org: Organisation) -> None:
    scope, bob = str(org.id), org.person("Bob")
    question = org.admin.posts(scope, "Who is where?")
    results = sends(
        bob,
        queued("post", "client-01", scope_id=scope, text="In the basement", parent_id=question["id"]),
        queued("post", "client-02", scope_id=scope, text="Pump 3 leaks"),
        queued("edit", "client-03", ago(hours=2), post_client_id="client-02", text="Pump 4 leaks"),
        queued("post", "client-04", scope_id=scope, text="Mended", parent_client_id="client-02"),
        queued("deletion", "client-05", post_client_id="client-01"),
        queued("read", "client-06", scope_id=scope, post_id=question["id"]),
    )
    assert statuses(results) == [201, 201, 200, 201, 204, 200]
    assert org.admin.reads(scope) == ["Mended", "Pump 4 leaks", None, "Who is where?"]
    assert results[3]["body"]["parent_id"] == results[1]["body"]["id"]


def test_the_same_batch_again_changes_nothing_and_is_answered_as_it_stands(org: Organisation) -> None:
    scope, bob = str(org.id), org.person("Bob")
    batch = [
        queued("post", "client-01", scope_id=scope, text="once"),
        queued("edit", "client-02", post_client_id="client-01", text="twice?"),
    ]
    first, second = sends(bob, *batch), sends(bob, *batch)
    assert [result["body"] for result in second] == [first[1]["body"]] * 2
    assert [result["repeated"] for result in first + second] == [False, False, True, True]
    assert org.admin.reads(scope) == ["twice?"]
    assert first[1]["body"]["version"] == 2


def test_a_client_id_means_one_thing_only(org: Organisation) -> None:
    bob = org.person("Bob")
    item = queued("post", "client-01", scope_id=str(org.id), text="one")
    sends(bob, item)
    [result] = sends(bob, {**item, "text": "two"})
    assert (result["status"], result["problem"]["code"]) == (422, "idempotency_key_reused")
    assert sends(org.person("Amy"), {**item, "text": "two"})[0]["status"] == 201


def test_one_bad_item_stops_no_other_and_leaves_nothing_behind(org: Organisation) -> None:
    scope, bob = str(org.id), org.person("Bob")
    site = org.site(admission="assigned")
    results = sends(
        bob,
        queued("post", "client-01", scope_id=site, text="not mine to see"),
        {"kind": "nonsense"},
        queued("post", "client-02", scope_id=scope, text=""),
        queued("edit", "client-03", post_client_id="client-01", text="of nothing"),
        {"kind": "post", "client_id": 7},
        queued("post", "client-04", scope_id=scope, text="good"),
    )
    assert statuses(results) == [404, 422, 422, 404, 422, 201]
    assert results[2]["problem"]["errors"][0]["pointer"] == "/text"
    assert org.admin.reads(scope) == ["good"]
    again = sends(bob, queued("post", "client-02", scope_id=scope, text="mended"))
    assert statuses(again) == [201]


def test_a_wrong_clock_is_corrected_and_an_unbelievable_one_is_told(org: Organisation) -> None:
    scope, bob = str(org.id), org.person("Bob")
    slow = [
        queued("post", "client-01", ago(days=365, hours=2), scope_id=scope, text="by a clock of last year")
    ]
    [corrected] = sends(bob, *slow, clock=ago(days=365))
    written = datetime.fromisoformat(corrected["body"]["written_at"])
    assert abs(datetime.now(UTC) - timedelta(hours=2) - written) < timedelta(seconds=60)
    [old] = sends(bob, queued("post", "client-02", ago(days=3), scope_id=scope, text="three days ago"))
    assert (old["status"], old["doubt"], old["body"]["written_at"]) == (201, "item_too_old", None)


def test_what_means_nothing_without_its_time_is_refused(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    results = sends(
        bob,
        queued("check_out", "client-01", ago(days=2), place_id=site),
        queued("muster_answer", "client-02", ago(days=-1), muster_id=site, status="safe"),
    )
    assert [result["problem"]["code"] for result in results] == ["item_too_old", "item_in_future"]


def test_an_edit_that_waited_does_not_undo_a_later_one(org: Organisation) -> None:
    bob = org.person("Bob")
    post = bob.posts(str(org.id), "first")
    bob.patch(f"/v1/posts/{post['id']}", {"text": "from the desk"})
    [result] = sends(bob, queued("edit", "client-01", post_id=post["id"], text="from the basement"))
    assert result["problem"]["code"] == "edit_superseded"
    assert bob.reads(str(org.id)) == ["from the desk"]


def test_an_answer_that_waited_does_not_undo_what_a_warden_said_since(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    is_seen(org, bob, site)
    muster = org.admin.post(f"/v1/admin/places/{site}/musters", {"message": "Fire alarm"}, 201)
    answer = {"muster_id": muster["id"], "status": "safe"}
    [taken] = sends(bob, queued("muster_answer", "client-01", ago(minutes=5), **answer))
    assert taken["body"]["your_status"] == "safe"
    org.admin.put(f"/v1/musters/{muster['id']}/entries/{bob.id}", {"status": "need_help"})
    [late] = sends(bob, queued("muster_answer", "client-02", ago(minutes=4), **answer))
    assert late["problem"]["code"] == "answer_superseded"
    assert bob.get("/v1/me/musters")["items"][0]["your_status"] == "need_help"


def test_a_code_that_was_scanned_and_left_again_without_a_network(org: Organisation) -> None:
    site, bob = org.site(), org.person("Bob")
    marker = org.admin.post(f"/v1/admin/places/{site}/markers", {"kind": "printed", "name": "Door"}, 201)
    code = org.admin.get(f"/v1/admin/markers/{marker['id']}/code")["code"]
    inn, out = sends(
        bob,
        queued("check_in", "client-01", ago(hours=3), scanned="code", code=code),
        queued("check_out", "client-02", ago(hours=1), place_id=site),
    )
    assert (inn["status"], out["status"]) == (201, 200)
    visit = out["body"]["visits"][0]
    stayed = datetime.fromisoformat(visit["left_at"]) - datetime.fromisoformat(visit["entered_at"])
    assert abs(stayed - timedelta(hours=2)) < timedelta(seconds=5)


def test_what_was_written_in_a_place_arrives_though_its_author_has_left(org: Organisation) -> None:
    site = org.site(admission="present", grace_seconds=0)
    bob, eve = org.person("Bob"), org.person("Eve")
    is_seen(org, bob, site)
    wrote = ago()
    org.admin.delete(f"/v1/admin/places/{site}/visits/{bob.id}")
    item = queued("post", "client-01", wrote, scope_id=site, text="written there")
    assert [statuses(sends(phone, item)) for phone in (bob, eve)] == [[201], [403]]
    assert org.admin.reads(site) == ["written there"]
    [before] = sends(bob, queued("post", "client-02", ago(hours=1), scope_id=site, text="before I came"))
    assert before["problem"]["code"] == "not_seen_there"


def test_one_who_was_taken_out_writes_nothing_more_whatever_the_phone_says(org: Organisation) -> None:
    site = org.site(admission="assigned")
    bob = org.person("Bob", scopes=[site])
    wrote = ago()
    org.admin.delete(f"/v1/admin/scopes/{site}/memberships/{bob.id}")
    [result] = sends(bob, queued("post", "client-01", wrote, scope_id=site, text="still me"))
    assert result["status"] == 404


def test_a_plain_post_and_a_queued_one_with_one_client_id_are_one_post(org: Organisation) -> None:
    scope, bob = str(org.id), org.person("Bob")
    post = bob.posts(scope, "once", client_id="client-01")
    [result] = sends(bob, queued("post", "client-01", scope_id=scope, text="once"))
    assert (result["status"], result["body"]["id"]) == (200, post["id"])
    assert bob.reads(scope) == ["once"]


def test_each_post_of_a_long_queue_costs_few_statements(org: Organisation) -> None:
    bob = org.person("Bob")

    def cost(count: int) -> int:
        posts = [
            queued("post", f"long-{count}-{n}", scope_id=str(org.id), text="Hello") for n in range(count)
        ]
        with statements(org.world.web.engine) as asked:
            assert statuses(sends(bob, *posts)) == [201] * count
        return sum("SAVEPOINT" not in statement for statement, _ in asked)

    assert (cost(12) - cost(2)) / 10 <= 6
