"""docs/privacy.md, sentence by sentence: what is told of those who are in a place, and to whom."""

from datetime import timedelta

from base import clock
from geo.privacy.retention import forget_old_presence
from tests.privacy.curious import READABLE, Notebook, differences
from tests.privacy.told import account, funnel, heard, looks, readers
from tests.privacy.town import Town
from tests.push.reports.receipts import came_of
from tests.stories.acknowledgements import acknowledges
from tests.stories.notices import alerts, announces
from tests.stories.reads import reads_up_to
from tests.stories.reminding import round_of
from tests.stories.roles import gives
from tests.stories.things import filled


def test_the_audience_of_a_push_does_not_move_as_one_comes_and_goes(town: Town) -> None:
    (tom,) = town.knows("Tom")
    post = announces(town.mo, town.site)
    seen = [funnel(town.mo, post)]
    town.come(tom)
    seen.append(funnel(town.mo, post))
    town.leave(tom)
    town.passes(hours=1)
    seen.append(funnel(town.mo, post))
    assert seen == [seen[0]] * 3
    assert seen[0]["audience"] == 1  # Carol, who belongs there


def test_few_who_are_there_are_no_audience(village: Town) -> None:
    post = announces(village.mo, village.site)
    assert funnel(village.mo, post)["audience"] == 1
    phones = village.knows("Ann", "Ben", "Cem", "Dea", "Eli")
    village.come(*phones[:4])
    told = funnel(village.mo, post)
    assert (told["audience"], told["with_device"], told["acknowledged"]) == (None, None, None)
    village.come(phones[4])
    assert funnel(village.mo, post)["audience"] == 6


def test_readers_are_those_who_belong(town: Town) -> None:
    tom, ann = town.knows("Tom", "Ann")
    town.come(tom, ann)
    post = announces(town.mo, town.site)
    for phone in (tom, ann, town.carol):
        reads_up_to(phone, post)
    assert readers(town.mo, post) == ["Carol"]
    town.org.admin.put(f"/v1/admin/scopes/{town.site}/memberships/{tom.id}", {})
    assert readers(town.mo, post) == ["Carol"]  # Tom read it when he was there, and did not belong
    reads_up_to(tom, announces(town.mo, town.site))
    assert sorted(readers(town.mo, post)) == ["Carol", "Tom"]


def test_colleagues_are_never_told_who_read_because_they_were_there(village: Town) -> None:
    (tom,) = village.knows("Tom")
    village.come(tom)
    post = village.carol.posts(village.site, "hello")
    reads_up_to(tom, post)
    assert readers(village.carol, post) == []
    assert looks(tom) == []
    for _ in range(3):  # an app asks again and again
        assert readers(village.mo, post) == ["Tom"]
    assert looks(tom) == ["Who has read a post"]


def test_who_read_there_is_not_told_as_a_member_once_the_stay_is_forgotten(village: Town) -> None:
    (tom,) = village.knows("Tom")
    village.come(tom)
    post, alert = village.carol.posts(village.site, "hello"), alerts(village.mo, village.site)
    for phone in (tom, village.mo):
        reads_up_to(phone, alert)
    reads_up_to(village.org.admin, alert)
    acknowledges(tom, alert)
    at_once = {"type": "Feature", "properties": {"grace_seconds": 0}}
    village.org.admin.patch(f"/v1/admin/sites/{village.site}", at_once, If_Match="*")
    village.leave(tom)
    village.world.relays()
    with village.world.worker.transaction() as session:
        forget_old_presence(session, clock.now() + timedelta(days=366))
    assert sorted(readers(village.carol, post)) == ["Ada", "Mo"]
    assert account(village.mo, alert, "acknowledged") == ["Tom"]
    assert looks(tom) == ["Who has acknowledged a notice"]


def test_a_word_that_was_given_there_is_not_told_of_who_belongs_later(town: Town) -> None:
    (tom,) = town.knows("Tom")
    town.come(tom)
    alert = alerts(town.mo, town.site)
    acknowledges(tom, alert)
    acknowledges(town.carol, alert)
    town.org.admin.put(f"/v1/admin/scopes/{town.site}/memberships/{tom.id}", {})
    assert account(town.mo, alert, "acknowledged") == ["Carol"]
    assert account(town.mo, alert, "silent") == ["Tom"]  # to be in neither list would tell it, too


def test_to_see_who_acknowledged_by_being_there_is_a_look(village: Town) -> None:
    (tom,) = village.knows("Tom")
    village.come(tom)
    alert = alerts(village.mo, village.site)
    for phone in (tom, village.carol):
        acknowledges(phone, alert)
    assert sorted(account(village.mo, alert, "acknowledged")) == ["Carol", "Tom"]
    assert looks(tom) == ["Who has acknowledged a notice"]
    assert looks(village.carol) == []


def test_whether_words_may_still_be_changed_does_not_tell_whether_somebody_was_there(town: Town) -> None:
    notice = announces(town.mo, town.site, asks_acknowledgement=True)
    path = f"/v1/posts/{notice['id']}"
    assert town.mo.patch(path, {"text": "other words"}, 409)["code"] == "notice_asks"


def test_an_alert_is_told_again_and_at_last_to_managers_whoever_is_there(town: Town) -> None:
    alert = alerts(town.mo, town.site)
    acknowledges(town.carol, alert)
    for _ in range(7):
        round_of(town.world, alert)
    assert len(heard(town.mo, "alert.reminded")) == 6
    assert [one["silent_count"] for one in heard(town.mo, "alert.unanswered")] == [None]


def test_another_admission_does_not_make_an_alert_tell_who_is_still_there(town: Town) -> None:
    (tom,) = town.knows("Tom")
    town.come(tom)
    alert = alerts(town.mo, town.site)
    acknowledges(town.carol, alert)
    body = {"type": "Feature", "properties": {"admission": "assigned"}}
    town.mo.patch(f"/v1/admin/sites/{town.site}", body, If_Match="*")
    for _ in range(7):  # Tom follows for a quarter of an hour yet, and is silent
        round_of(town.world, alert)
    assert heard(town.carol, "alert.reminded") == []
    assert heard(town.mo, "alert.unanswered") == []


def test_another_admission_does_not_make_a_mention_tell_who_was_there(town: Town) -> None:
    tom, kim = town.knows("Tom", "Kim")
    town.come(tom)
    body = {"type": "Feature", "properties": {"admission": "assigned"}}
    town.org.admin.patch(f"/v1/admin/sites/{town.site}", body, If_Match="*")
    for phone in (tom, kim):
        town.mo.posts(town.site, "you?", 422, mentions=[phone.id])
    town.mo.posts(town.site, "you!", mentions=[town.carol.id])


def test_how_loud_a_scope_is_for_somebody_is_theirs_alone_to_know(town: Town) -> None:
    town.carol.patch(f"/v1/me/memberships/{town.site}", {"level": "nothing"})
    path = f"/v1/admin/scopes/{town.site}/memberships"
    assigned = town.mo.put(f"{path}/{town.carol.id}", {"role": "member"})
    for told in (assigned, *town.mo.get(path)["items"]):
        assert not told.keys() & {"level", "muted_until"}


def test_a_moderator_is_told_of_nobody_who_was_there(village: Town) -> None:
    """Of the words, and not of whereabouts; who was given to see those as well is told, as managers are."""
    (tom,) = village.knows("Tom")
    village.come(tom)
    alert = alerts(village.mo, village.site)
    for phone in (tom, village.carol):
        reads_up_to(phone, alert)
        acknowledges(phone, alert)
    admin, ned, will = village.org.admin, village.org.person("Ned"), village.org.person("Will")
    for phone in (ned, will):
        gives(admin, phone, "moderator", village.site)
    gives(admin, will, "warden", village.site)
    for phone, told in ((ned, ["Carol"]), (will, ["Carol", "Tom"])):
        assert sorted(readers(phone, alert)) == sorted(account(phone, alert, "acknowledged")) == told
        assert bool(looks(tom)) is ("Tom" in told)


def test_whatever_names_somebody_for_being_there_is_a_look(village: Town) -> None:
    """Of two who differ in being there alone: what names the one to a manager is shown to them."""
    tom, kim = village.knows("Tom", "Kim")
    village.come(tom)
    alert = alerts(village.mo, village.site)
    reads_up_to(tom, alert)
    acknowledges(tom, alert)
    telling = []
    for path, operation in READABLE:
        if operation["operationId"] in ("read_person", "read_presence"):
            continue
        asked = filled(path, village.ids(tom, post_id=alert["id"]))
        for query in ("?reason=to+know", "?status=acknowledged&reason=to+know", "?status=acknowledged", ""):
            before = len(looks(tom))
            answer = village.mo.request("GET", asked + query)
            said = answer.get_data(as_text=True)
            if answer.status_code == 200 and tom.id in said and kim.id not in said:
                telling.append(operation["operationId"])
                assert len(looks(tom)) > before, path
    assert {"list_readers", "list_acknowledgements", "list_present_in_site"} <= set(telling)


def test_a_push_that_failed_does_not_tell_whose_phone_was_there(town: Town) -> None:
    (tom,) = town.knows("Tom")
    town.come(tom)
    post = announces(town.mo, town.site)
    for phone in (tom, town.carol):
        came_of(town.org, post, phone, "dead", reason="INVALID_ARGUMENT")
    (letter,) = town.org.admin.get("/v1/admin/push/dead-letters")["items"]
    assert letter["device_id"] == town.carol.get("/v1/me")["device"]["id"]


def test_who_looks_at_a_site_that_names_persons_sees_them_come(village: Town) -> None:
    """What the two worlds are compared by would show it."""
    (tom,) = village.knows("Tom")
    ids = village.ids(tom, post_id=announces(village.mo, village.site)["id"])
    before, after = (Notebook({"slug": village.org.slug}) for _ in range(2))
    before.glances(village.mo, "", ids)
    village.come(tom)
    after.glances(village.mo, "", ids)
    asked = {line.split()[3].partition("?")[0] for line, _ in differences(before.lines, after.lines)}
    assert {"occupancy", "present", "funnel"} <= {path.rpartition("/")[2] for path in asked}
