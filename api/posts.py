"""Posts of a scope, and single posts."""

from typing import Any
from uuid import UUID

from api.answers import Answer
from api.kept import Keep
from api.paging import by_id, decode_cursor, page
from api.route import Call, Routes
from journal.tail import head_in_epoch, wire_head
from people.permissions import Permission
from people.scopes.scopes import scope_for
from schemas.base import Cursor
from schemas.posts import FeedPage, NewPost, Post, PostEdit, PostPage
from social import feed, posts, publishing

routes = Routes("posts", "Posts: what people say in a scope")


@routes.route(
    "POST",
    "/scopes/<uuid:scope_id>/posts",
    permission=Permission.POSTS_WRITE,
    body=NewPost,
    answer=Post,
    status=201,
)
def publish_post(call: Call, scope_id: UUID, body: dict[str, Any]) -> Answer:
    """Publish a post or reply. A repeated `client_id` answers 200 with the post of then, also after leaving."""
    post, new = publishing.publish(call.session, call.actor, scope_id, body)
    return Answer(post, 201 if new else 200)


@routes.route(
    "GET",
    "/scopes/<uuid:scope_id>/posts",
    permission=Permission.POSTS_READ,
    query=Cursor,
    answer=FeedPage,
)
def list_posts(call: Call, scope_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The posts and replies of a scope, newest first."""
    scope = scope_for(call.session, call.actor, scope_id, Permission.POSTS_READ)
    before, head = (
        decode_cursor(query["cursor"], by_id),
        head_in_epoch(call.session, call.actor.organisation_id),
    )
    items = feed.feed(call.session, [scope.window], before, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["id"],)) | wire_head(head)


@routes.route("GET", "/posts/<uuid:post_id>", permission=Permission.POSTS_READ, answer=Post)
def read_post(call: Call, post_id: UUID) -> dict[str, Any]:
    """One post, if I may read it. What was said before I came, and is over, is not there."""
    return posts.read(call.session, call.actor, post_id)


@routes.route(
    "GET",
    "/posts/<uuid:post_id>/replies",
    permission=Permission.POSTS_READ,
    query=Cursor,
    answer=PostPage,
)
def list_replies(call: Call, post_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """The replies to a post, oldest first."""
    _, scope = posts.post_for(call.session, call.actor, post_id, Permission.POSTS_READ)
    after = decode_cursor(query["cursor"], by_id)
    items = feed.replies(call.session, post_id, scope.window, after, query["limit"])
    return page(items, query["limit"], lambda: (items[-1]["id"],))


@routes.route("PATCH", "/posts/<uuid:post_id>", permission=Permission.POSTS_WRITE, body=PostEdit, answer=Post)
def edit_post(call: Call, post_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Change the words of one's own post."""
    return posts.edit(call.session, call.actor, post_id, body)


@routes.route(
    "DELETE", "/posts/<uuid:post_id>", permission=Permission.POSTS_READ, status=204, audit=Keep.NOTED
)
def delete_post(call: Call, post_id: UUID) -> None:
    """Delete one's own post, or as a manager anybody's."""
    author_id = posts.delete(call.session, call.actor, post_id)
    if author_id not in (None, call.actor.person_id):
        call.concerns(author_id)
