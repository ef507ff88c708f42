"""What stands before the application: connections that cost a client nothing must not cost the process its life.

    accept ─▶ a seat (`seats`) ─▶ headers, body (`intake`) ─▶ the application ─▶ the answer (`handler`)

Time. Headers have to be there within some seconds of the connection, or of the first byte of a later request. Bodies
and answers have a time of grace and then as long as their bytes take at the least rate: who stands still is cut within
that time, who is merely slow is not. A connection between two requests may rest.

Room. The process knows how many descriptors it has and keeps some back, for the database and for itself. When all seats
are taken a newcomer gets that of the one who has kept the process waiting longest: first of those who never asked
anything, then of those who rest between requests, of sockets and polls that have not connected, and at last of those
whose bodies or answers stand still. Where nobody waits at all, some spare seats are left: on them `/health/` is
answered as ever, and everything else with 503. One address may have so many connections and no more; where a proxy
stands before the process, the proxy counts, since the process sees its address alone.
"""
