"""The cue sheet on the page: edits through its widgets, what the strip sends, and legal steps of a session."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from emotion.labels import EMOTIONS
from emotion.timeline import Clip, EmotionScores, Moment, Segment, Timeline, Verdict
from pages.analyse import cue_list, cue_sheet, under_clip
from pages.analyse.cue_editor import seconds_of
from pages.analyse.result_state import Derived, ResultState
from pages.analyse.session import STEPS, Fetching, IllegalStep, Ready, Session, Waiting
from pages.shared.services import clips, link_preview, models, song_catalogue, studio
from pages.shared.ui import cue_rows, cue_strip, cue_words, song
from pages.shared.ui.cue_rows import Asked
from pages.shared.ui.cue_strip import Edit
from recommender.cues import CueSheet, edits, from_dict, make_sheet, to_dict, usable
from recommender.cues.mood import MOODS
from recommender.cues.usable import may_be_used, with_usable
from recommender.mix import command
from recommender.players import open_sound
from recommender.songs import installed
from recommender.store import database
from tests import results
from tests.benchmarks import joins


def only(emotion: str) -> EmotionScores:
    return EmotionScores.from_array([0.93 if e == emotion else 0.01 for e in EMOTIONS])


def turning() -> Timeline:
    """Forty seconds: angry, then calm."""
    moments = tuple(
        Moment(Segment(s, s + 1), voice=(score := only("angry" if s < 20 else "calm")), fused=score) for s in range(40)
    )
    both = Verdict(only("angry"), sure=True)
    return Timeline(Clip("talk.mp4", 40.0, sr=16_000), moments, voice=both, speech=(Segment(0.0, 40.0),))


def cues_page() -> None:
    import streamlit as st

    from pages.analyse import cue_list, cue_sheet
    from tests import results
    from tests.test_page_cues import turning

    here = st.session_state.setdefault("analyse", results.session(turning()))
    if (asked := st.session_state.pop("asked", None)) is not None:
        cue_list.act(here, cue_sheet.of(here, turning()), asked)
    cue_list.show(turning())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path))
    yield
    database.close_all()


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_function(cues_page, default_timeout=60).run()
    assert not app.exception
    return app


def tell(app: AppTest, asked: Asked) -> None:
    """What a press in the browser does on the server."""
    app.session_state["asked"] = asked
    app.run()
    assert not app.exception


def sheet(app: AppTest) -> CueSheet:
    made = app.session_state["analyse"].state.sheet
    return made if made is not None else make_sheet(turning())


def test_each_cue_says_its_times_and_mood_once_and_each_song_what_is_special_about_it(page: AppTest) -> None:
    assert [round(float(c.start)) for c in sheet(page).cues] == [0, 20]
    assert "tense" in page.subheader[0].value.lower()
    rows = results.rows(page)
    assert [len(row["songs"]) for row in rows] == [4, 4], "two here, one to fetch, one reference"
    assert rows[0]["says"].startswith("voice angry · ") and rows[1]["says"].startswith("voice calm · ")
    for row in rows:
        said = [song["why"] for song in row["songs"]]
        assert all(said) and len(set(said)) > 1, "each line says what is special about its track"
        for line in said:
            assert not any(word in line for word in ("0:", "voice", "face", "where")), "and the cue's own stands once"


def test_a_cues_high_points_are_told_where_they_are() -> None:
    sheet = joins.kept()["joined, 180 s"]
    made = make_sheet(sheet)
    told = [(peak, cue) for cue in made.cues for peak in cue_rows.row(cue, {})["peaks"]]
    assert len(told) == sum(len(cue.peaks) for cue in made.cues) > 0
    for peak, cue in told:
        assert float(cue.start) <= peak["at"] < float(cue.end)
        assert peak["whole"].startswith(peak["says"].split(" ")[0])
        assert "high point: " in peak["whole"] or "a turn: " in peak["whole"]


def test_what_voice_and_face_say_is_told_from_cue_to_cue_and_not_as_a_mean() -> None:
    assert cue_words.sides(make_sheet(turning())) == ["**Voice**: angry → calm"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pages.shared.language.language", lambda: "zh_TW")
        assert cue_words.sides(make_sheet(turning())) == ["**語氣**：憤怒 → 平靜"]
    one = Timeline(Clip("a.mp4", 9.0), (Moment(Segment(0, 9), voice=only("sad"), fused=only("sad")),))
    assert cue_words.sides(make_sheet(one)) == []


def test_an_open_cue_is_named_corrected_silenced_and_split_and_all_is_taken_back(page: AppTest) -> None:
    first = sheet(page).cues[0].id
    tell(page, Asked("open", first))
    page.text_input(f"cue_title_{first}").set_value("Cold open").run()
    page.selectbox(f"cue_mood_{first}").set_value("sad").run()
    page.button(f"cue_halve_{first}").click().run()
    page.text_input(f"cue_note_{first}").set_value("strings?").run()
    assert not page.exception
    made = sheet(page)
    assert (made.cues[0].title, made.cues[0].corrected, made.cues[0].note) == ("Cold open", "sad", "strings?")
    assert [round(float(c.start)) for c in made.cues] == [0, 10, 20]
    assert page.session_state["analyse"].state.unsaved
    for _ in range(4):
        page.button("cues_undo").click().run()
    assert sheet(page) == page.session_state["analyse"].state.sheet
    assert [c.title for c in sheet(page).cues] == [None, None]
    assert page.button("cues_undo").disabled


def test_a_song_is_chosen_without_any_consent_and_stands_in_the_sheet(page: AppTest) -> None:
    first = sheet(page).cues[0].id
    wanted = results.rows(page)[0]["songs"][1]
    tell(page, Asked("choose", first, wanted["id"]))
    made = sheet(page).cues[0]
    assert made.chosen == wanted["id"] == results.rows(page)[0]["chosen"]
    assert made.state == "kept"
    assert made.song is not None and made.song.title in wanted["title"]
    for wrong in (Asked("choose", first, "none of its songs"), Asked("choose", 10**6, wanted["id"])):
        tell(page, wrong)
        assert sheet(page).cues[0] == made


def test_every_song_of_a_row_can_be_heard_from_the_row(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, or in a player of its own, or fetched first: where the press opens the cue that shows it."""
    monkeypatch.setattr(clips, "_mounted", True)
    monkeypatch.setattr(open_sound, "HOSTS", frozenset())  # as little as without a network
    songs = results.rows(page.run())[1]["songs"]
    assert all(bool(song["path"]) != song["listen"] for song in songs)
    reference = next(s["id"] for s in songs if song_catalogue.catalogue().index_of(s["id"]) is not None)
    fetched = next(s["id"] for s in songs if s["id"].startswith("incompetech:"))
    second = sheet(page).cues[1].id
    tell(page, Asked("listen", second, fetched))
    assert page.session_state["analyse"].state.cue == second
    told = [json.loads(e.proto.json) for e in page.get("bidi_component") if e.proto.component_name == "moodcue_tracks"]
    assert told and told[0]["said"], "what could not be fetched is said where the cue is open"
    monkeypatch.setattr(song, "player", lambda track, place: st.markdown(f"player of {track.title}"))
    for shown in (True, False):
        tell(page, Asked("listen", second, reference))
        assert any("player of" in m.value for m in page.markdown) == shown
    tell(page, Asked("open", second))
    tell(page, Asked("listen", second, reference))
    tell(page, Asked("open", second))
    tell(page, Asked("listen", second, reference))
    assert any("player of" in m.value for m in page.markdown), "who opens the cue by it hears it"


def test_what_is_said_of_a_chosen_song_stays_true_when_its_cue_is_changed(page: AppTest) -> None:
    first, second = (cue.id for cue in sheet(page).cues)
    before = results.rows(page)[0]["songs"][1]
    chosen = before["id"]
    tell(page, Asked("choose", first, chosen))
    here = page.session_state["analyse"]
    for edit, span in (
        (lambda s: edits.move_start(s, second, 15.0), "0:00–0:15"),
        (lambda s: edits.merge(s, first), "0:00–0:40"),
    ):
        cue_sheet.change(here, cue_sheet.of(here, turning()), edit)
        page.run()
        row = results.rows(page)[0]
        assert row["songs"][0]["id"] == chosen
        assert row["span"] == span and span in row["label"]
        assert row["songs"][0]["why"].startswith(before["why"].split(",")[0])


def test_what_is_asked_of_the_music_holds_for_every_cue_and_for_the_visit(page: AppTest) -> None:
    first = sheet(page).cues[0].id
    chosen = _ids(page)[0]
    tell(page, Asked("choose", first, chosen))
    page.slider("wish_tempo").set_range(60, 90).run()
    page.selectbox("wish_use").set_value("client").run()
    assert not page.exception
    music = studio.everything()
    for cue in sheet(page).cues:
        tracks = [music.of(s.id) for s in cue.music if may_be_used(s) and s.id != cue.chosen]
        assert tracks
        assert all(t and t.tempo_bpm and 60 <= t.tempo_bpm <= 90 and "client" in t.uses for t in tracks)
    assert sheet(page).cues[0].chosen == chosen, "what was chosen stays"
    page.slider("wish_length").set_range(9, 9).run()
    assert any("No music to use" in row["none"] for row in results.rows(page))
    page.button("wish_reset").click().run()
    assert page.slider("wish_tempo").value == (40, 220)
    assert len(_songs(page)) == 4 and not any(row["none"] for row in results.rows(page))


def chosen_from_the_open_catalogue(page: AppTest) -> CueSheet:
    made = with_usable(make_sheet(turning()), studio.shelf(), elsewhere=studio.elsewhere())
    far = next(s.id for s in made.cues[0].music if s.id.startswith("incompetech:"))
    return edits.choose(made, made.cues[0].id, far)


def test_a_chosen_track_that_cannot_be_fetched_is_said_and_another_stands_in(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_sound, "HOSTS", frozenset())  # as little as without a network
    chosen = chosen_from_the_open_catalogue(page)
    found, missing = under_clip._chosen_elsewhere(chosen)
    assert found == {} and len(missing) == 1
    parts = usable.take(chosen, studio.shelf(), also=found)
    assert all(part.track.file is not None for part in parts.values())


def test_a_chosen_track_that_was_fetched_is_heard_and_plays_under_its_cue(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "track.opus"
    kept.write_bytes(installed.tracks()[0].path.read_bytes())
    monkeypatch.setattr(open_sound, "kept", lambda track: kept)
    chosen = chosen_from_the_open_catalogue(page)
    found, missing = under_clip._chosen_elsewhere(chosen)
    assert missing == ()
    parts = usable.take(chosen, studio.shelf(), also=found)
    first = parts[chosen.cues[0].id].track
    assert first.id == chosen.cues[0].chosen and first.file == kept and first.measured
    assert first.credit in command.wanted_for(chosen.cues[0], parts[chosen.cues[0].id]).music.credit  # type: ignore[union-attr]
    assert (tmp_path / "heard" / "track.json").is_file(), "heard once"


def under_a_silent_clip() -> None:
    from dataclasses import replace

    from pages.analyse import under_clip
    from tests import results
    from tests.test_page_cues import turning

    spoken = turning()
    silent = replace(spoken, clip=replace(spoken.clip, sr=None), speech=())
    under_clip.show(results.session(silent), silent)


def test_a_clip_without_sound_says_why_no_music_is_heard_under_it() -> None:
    app = AppTest.from_function(under_a_silent_clip, default_timeout=60).run()
    assert not app.exception and not app.toggle
    assert "no sound" in app.caption[0].value and "row" in app.caption[0].value


def _songs(page: AppTest) -> list[str]:
    return [s.id for s in sheet(page).cues[1].music]


def test_an_open_cue_names_its_music_in_its_row_and_nowhere_else(page: AppTest) -> None:
    tell(page, Asked("open", sheet(page).cues[0].id))
    assert not page.exception
    titles = [song["title"].split(" · ")[0] for song in results.rows(page)[0]["songs"]]
    assert titles
    parts = [json.loads(e.proto.json) for e in page.get("bidi_component") if e.proto.component_name == "moodcue_tracks"]
    assert not parts, "no second list"
    assert not [b.label for b in page.button if any(title in b.label for title in titles)]


def _ids(page: AppTest) -> list[str]:
    return [s.id for s in cue_sheet.of(page.session_state["analyse"], turning()).cues[0].music]


def test_an_edit_draws_the_whole_page_anew_only_where_another_part_shows_the_sheet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state: dict[str, object] = {}
    again: list[str] = []
    monkeypatch.setattr(cue_sheet.st, "session_state", state)
    monkeypatch.setattr(cue_sheet.st, "rerun", lambda scope: again.append(scope))
    before, after = make_sheet(turning()), make_sheet(_longer())
    cue_sheet.renew_others(before)
    cue_sheet.renew_others(after)
    assert (again, state) == ([], {}), "nothing else shows it"
    state[cue_sheet.SHOWN_ELSEWHERE] = before
    cue_sheet.renew_others(before)
    assert again == []
    cue_sheet.renew_others(after)
    cue_sheet.renew_others(after)
    assert again == ["app"], "once"


def export_page() -> None:
    import streamlit as st

    from pages.analyse import export
    from tests import results
    from tests.test_page_cues import turning

    export.show(st.session_state.setdefault("analyse", results.session(turning())), turning())


def test_the_export_says_where_youtube_would_show_no_chapters_and_forgets_it_where_it_would() -> None:
    page = AppTest.from_function(export_page, default_timeout=60).run()
    assert not page.exception
    assert any("this sheet makes 2" in c.value for c in page.caption)
    here = page.session_state["analyse"]
    two = cue_sheet.of(here, turning())
    here.state = here.state.edited(two, edits.split(two, two.cues[0].id, 10.0))
    page.run()
    assert not any("YouTube" in c.value for c in page.caption)


def test_an_edit_that_changes_what_the_export_says_draws_it_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, object] = {}
    again: list[str] = []
    monkeypatch.setattr(cue_sheet.st, "session_state", state)
    monkeypatch.setattr(cue_sheet.st, "rerun", lambda scope: again.append(scope))
    two = make_sheet(turning())
    three = edits.split(two, two.cues[0].id, 10.0)
    cue_sheet.said_of_chapters(two)
    cue_sheet.renew_others(edits.rename(two, two.cues[0].id, "Cold open"))
    assert again == [], "most edits change nothing of it"
    cue_sheet.renew_others(three)
    cue_sheet.renew_others(three)
    assert (again, state) == (["app"], {}), "once"


def test_a_typed_time_moves_an_edge_and_nonsense_is_said(page: AppTest) -> None:
    second = sheet(page).cues[1].id
    tell(page, Asked("open", second))
    page.text_input(f"cue_start_{second}").set_value("0:17.5").run()
    assert float(sheet(page).cues[1].start) == pytest.approx(17.5, abs=0.03)
    page.text_input(f"cue_start_{second}").set_value("soon").run()
    assert not page.exception
    assert float(sheet(page).cues[1].start) == pytest.approx(17.5, abs=0.03)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12.5", 12.5), ("0:12,5", 12.5), ("1:02:03", 3723.0), (" 2:00 ", 120.0), ("", None), ("a", None), ("1:-2", None),
     ("1:2:3:4", None), ("inf", None), ("nan", None)],
)  # fmt: skip
def test_times_are_read_as_people_type_them(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("told", "edit"),
    [
        ({"kind": "open", "value": 3}, Edit("open", cue=3)),
        ({"kind": "split", "value": 1.5}, Edit("split", time_s=1.5)),
        ({"kind": "move", "value": {"id": 2, "time": 4}}, Edit("move", cue=2, time_s=4.0)),
        ({"kind": "move", "value": {"id": "2", "time": 4}}, None),
        ({"kind": "split", "value": float("nan")}, None),
        ({"kind": "split", "value": 10**400}, None),
        ({"kind": "move", "value": {"id": 2, "time": float("inf")}}, None),
        ({"kind": "drop", "value": 3}, None),
        ("open", None),
        (None, None),
    ],
)
def test_what_the_strip_sends_is_checked(told: object, edit: Edit | None) -> None:
    assert cue_strip.parse(told) == edit


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({"kind": "open", "cue": 3}, Asked("open", 3)),
        ({"kind": "choose", "cue": 3, "value": "a:1"}, Asked("choose", 3, "a:1")),
        ({"kind": "note", "cue": 0, "value": "<b>"}, Asked("note", 0, "<b>")),
        ({"kind": "choose", "cue": 3, "value": 1}, None),
        ({"kind": "choose", "cue": True, "value": "a"}, None),
        ({"kind": ["open"], "cue": 3}, None),
        ({"kind": "drop", "cue": 3}, None),
        ("open", None),
        (None, None),
    ],
)
def test_what_a_row_sends_is_checked(told: object, asked: Asked | None) -> None:
    assert cue_rows.parse(told) == asked


def test_the_open_cue_is_the_last_of_those_above_its_widgets() -> None:
    made = make_sheet(turning())
    ids = [cue.id for cue in made.cues]
    for open_, above in ((None, ids), (ids[0], ids[:1]), (ids[1], ids), (99, ids)):
        up, opened, down = cue_list.parted(made, open_)
        assert [c.id for c in up] == above and [c.id for c in (*up, *down)] == ids
        assert opened == (open_ in ids)


def test_the_strip_has_a_colour_for_every_mood_and_breaks_its_line_where_nothing_is_read() -> None:
    assert set(cue_strip.COLOURS) == set(MOODS)
    points = [(0.5, 0.1), (1.5, None), (2.5, -0.2), (3.5, 0.3)]
    assert cue_strip.lines(points) == [[[0.5, 0.1]], [[2.5, -0.2], [3.5, 0.3]]]
    assert sum(map(len, cue_strip.lines([(float(s), 0.5) for s in range(7200)]))) <= cue_strip.MOST_POINTS


def test_a_sheet_that_was_downloaded_is_taken_back_and_nothing_else_is(page: AppTest) -> None:
    current = results.session(turning())
    made = cue_sheet.of(current, turning())
    cue_sheet.change(current, made, lambda s: s)
    assert current.state.sheet is None, "an edit that changes nothing is none"
    data = json.dumps(to_dict(made)).encode()
    assert cue_sheet.load(current, made, data, "a.json")
    assert current.state.sheet == from_dict(json.loads(data)) == made
    other = results.session(turning())
    for wrong in (b"", b"{}", b"[" * 100_000, json.dumps(to_dict(make_sheet(_longer()))).encode()):
        assert not cue_sheet.load(other, made, wrong, "b.json")
    assert other.state.sheet is None


def _longer() -> Timeline:
    return Timeline(Clip("other.mp4", 90.0), (Moment(Segment(0, 90), voice=only("sad"), fused=only("sad")),))


# Steps and states ----------------------------------------------------------------------------------


def test_a_session_takes_legal_steps_alone() -> None:
    assert set(STEPS) == {Waiting, Fetching, *STEPS[Waiting], Ready}
    session = results.session()
    with pytest.raises(IllegalStep):
        session.step(session.phase)
    session.step(Waiting())
    assert (session.kept, session.result) == (None, None)
    with pytest.raises(IllegalStep):
        Session().step(results.session().phase)


def test_undo_remembers_so_many_edits_and_no_more() -> None:
    state, a, b = ResultState(), make_sheet(turning()), make_sheet(_longer())
    for _ in range(100):
        state = state.edited(a, b)
    assert len(state.past) == 30
    assert state.undone().sheet == a
    assert not state.exported().unsaved
    assert ResultState().undone() == ResultState()


def test_what_is_derived_is_made_once_and_the_oldest_goes() -> None:
    derived, made = Derived(), []
    for key in (1, 2, 1, 3, 4, 1, 2):
        derived.of("kind", key, lambda key=key: made.append(key))
    assert made == [1, 2, 3, 4, 2]


# A link as other programs show it -------------------------------------------------------------------


def test_a_links_title_is_in_the_page_and_escaped() -> None:
    index = link_preview.INDEX.read_text(encoding="utf-8")
    page = link_preview.with_tags(index, '"><script>alert(1)</script>', "zh_TW")
    assert '<meta property="og:title" content="&quot;&gt;&lt;script&gt;' in page
    assert "<script>alert(1)" not in page
    assert "<title>Streamlit</title>" not in page
    assert "配樂" in page
    assert link_preview.title_of("x" * 32) is None


def test_a_links_picture_shows_the_blocks_of_its_sheet() -> None:
    picture = Image.open(io.BytesIO(link_preview.cover(make_sheet(turning()))))
    assert picture.size == link_preview.COVER_PX
    seen = ["#{:02x}{:02x}{:02x}".format(*picture.getpixel((x, 250))) for x in (300, 900)]  # pyright: ignore
    assert seen == [cue_strip.COLOURS["tense"], cue_strip.COLOURS["calm"]]
    assert link_preview.sheet_of("x" * 32) is None


def test_what_a_first_sheet_ranks_is_loaded_before_there_is_a_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    for kept in (models.warm, studio.elsewhere, studio.open_catalogue, studio._shelf):
        kept.clear()
    models.warm("pages.analyse.result").result(120)

    def late(*_: object) -> NoReturn:
        raise AssertionError("read while the visitor waits for the result")

    monkeypatch.setattr("recommender.mix.sources.tracks", late)
    monkeypatch.setattr("recommender.mix.command.installed_music", late)
    app = AppTest.from_function(cues_page, default_timeout=120).run()
    assert not app.exception
    assert results.rows(app)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"not json", "wrong.cues.json is not a cue sheet of MoodCue. Choose a file"),
        (b"[" * 100_000, "wrong.cues.json is not a cue sheet of MoodCue. Choose a file"),
        (b'{"schema_version": 1}', "wrong.cues.json is not a cue sheet of MoodCue. Choose a file"),
        (b" " * (cue_sheet.LARGEST_BYTES + 1), "wrong.cues.json is not a cue sheet of MoodCue. Choose a file"),
        (None, "wrong.cues.json belongs to a clip of 20.0 s, and this one lasts 40.0 s. Open that clip"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_what_to_choose(
    data: bytes | None, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No word of the command line, and nothing of another language, in a sentence for a visitor of the page."""
    told: list[str] = []
    monkeypatch.setattr(cue_sheet.st, "toast", lambda text, icon: told.append(text))
    whole = turning()
    short = replace(whole, clip=replace(whole.clip, duration_s=20.0), moments=whole.moments[:20])
    here, sheet = results.session(whole), make_sheet(whole)
    sent = json.dumps(to_dict(make_sheet(short))).encode() if data is None else data
    assert not cue_sheet.load(here, sheet, sent, "wrong.cues.json")
    assert told[0].replace("\\", "").startswith(says)
    assert here.state.sheet is None
