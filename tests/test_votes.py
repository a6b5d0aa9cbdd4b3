"""What guests of a link say: one vote a cue, notes with limits, gone with the link."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from recommender.errors import VoteEnded, VotesFull
from recommender.store import database, votes
from recommender.store.shares import Shares
from recommender.store.votes import Votes


@pytest.fixture
def link(engine: sa.Engine) -> Votes:
    made = Shares(engine).create("owner", "A talk", "{}", days=1)
    return Votes(made.share.key, engine)


def test_the_last_vote_of_a_guest_counts_once(link: Votes) -> None:
    for guest, song in (("a", "one"), ("b", "two"), ("a", "two"), ("c", "one")):
        link.vote(3, song, guest)
    link.vote(4, "one", "a")
    tally = link.tally("a")
    assert {cue: dict(songs) for cue, songs in tally.votes.items()} == {3: {"two": 2, "one": 1}, 4: {"one": 1}}
    assert tally.mine == {3: "two", 4: "one"}
    assert link.tally("stranger").mine == {}


def test_notes_are_one_short_line_and_bounded(link: Votes, monkeypatch: pytest.MonkeyPatch) -> None:
    link.note(1, "  more\nstrings\x00 please " + "x" * 500, "a")
    link.note(1, " \n ", "a")
    (note,) = link.tally().notes
    assert note.text.startswith("more strings please x")
    assert len(note.text) == votes.LONGEST_NOTE
    for _ in range(votes.NOTES_EACH - 1):
        link.note(1, "again", "a")
    with pytest.raises(VotesFull):
        link.note(1, "once too often", "a")
    link.note(1, "somebody else may", "b")
    monkeypatch.setattr(votes, "NOTES", len(link.tally().notes))
    with pytest.raises(VotesFull):
        link.note(1, "no room for all", "c")


def test_an_ended_vote_takes_nothing_and_keeps_what_is_there(link: Votes) -> None:
    link.vote(1, "one", "a")
    link.end()
    assert link.tally().ended
    for act in (lambda: link.vote(1, "two", "a"), lambda: link.note(1, "late", "a")):
        with pytest.raises(VoteEnded):
            act()
    assert link.tally("a").mine == {1: "one"}
    link.end(False)
    link.vote(1, "two", "a")
    assert link.tally("a").mine == {1: "two"}


def test_votes_and_notes_go_with_the_link(engine: sa.Engine) -> None:
    shares = Shares(engine)
    made = [shares.create("owner", "A talk", "{}", days=1) for _ in range(2)]
    for one in made:
        of_link = Votes(one.share.key, engine)
        of_link.vote(1, "song", "a")
        of_link.note(1, "a note", "a")
        of_link.end()
    assert shares.delete(made[0].share.key, "owner")
    with engine.connect() as c:
        for table in (database.ballots, database.notes, database.ended_votes):
            assert [row.share for row in c.execute(sa.select(table))] == [made[1].share.key], table.name
    with engine.connect() as c:  # who voted is a hash, never the browser's own number
        assert {row.voter for row in c.execute(sa.select(database.ballots))} != {"a"}
