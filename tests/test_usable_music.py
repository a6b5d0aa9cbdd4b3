"""Music to use, of whatever source: what a licence's words mean, what a wish leaves, what jars, what is shown of it."""

from __future__ import annotations

import base64
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emotion.labels import EMOTIONS
from pages.shared.language import t_plain
from pages.shared.services import covers, studio
from pages.shared.ui import tracks, usable_words
from recommender.library import own
from recommender.library.index import OwnTrack
from recommender.library.scan import Tags, read_tags
from recommender.songs.collection import Collection, contrast_of
from recommender.songs.facts import Facts, Wish
from recommender.songs.licences import LICENCES, recognised
from recommender.songs.usable import Usable
from recommender.songs.wording import contrast, corner_at, mood_words, said_corner


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CC BY 4.0", "CC BY 4.0"),
        ("cc-by-4.0", "CC BY 4.0"),
        ("Creative Commons Attribution 4.0 International License", "CC BY 4.0"),
        ("https://creativecommons.org/licenses/by/3.0/", "CC BY 3.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0"),
        ("CC0 1.0", "CC0"),
        ("Public Domain", "Public domain"),
        ("CC BY-NC-SA 4.0", "CC BY-NC"),
        ("Creative Commons Attribution-ShareAlike 3.0 Unported", "CC BY-SA"),
        ("CC BY-ND 4.0", "CC BY-ND"),
        ("MIT License", "MIT"),
    ],
)
def test_a_licence_is_known_by_its_name_or_address(text: str, name: str) -> None:
    assert recognised(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "unknown",
        "(c) 2019 Somebody",
        "All rights reserved",
        "CC BY",  # which version?
        "Not under CC BY 4.0",
        "CC BY 4.0, but not for advertising",
        "by",
        "creativecommons.org/licenses/by/4.0 or creativecommons.org/licenses/by-nc/4.0",
        "free",
    ],
)
def test_a_licence_is_never_guessed(text: str) -> None:
    assert recognised(text) == text
    assert not Usable("a", "own", "A", "A", recognised(text), "").uses


def test_what_forbids_a_change_or_money_allows_no_use() -> None:
    for name in ("CC BY-NC", "CC BY-SA", "CC BY-ND"):
        assert not LICENCES[name].uses and LICENCES[name].credit


def track(**facts: object) -> Usable:
    values = {"id": "a", "source": "own", "title": "A", "artist": "B", "licence": "MIT", "credit": "A", **facts}
    return Usable(**values)  # type: ignore[arg-type]


def test_a_wish_leaves_what_is_known_to_fulfil_it() -> None:
    songs = [
        track(tempo_bpm=100.0, duration_s=60.0, vocals=False),
        track(tempo_bpm=140.0, duration_s=600.0, vocals=True, licence="CC BY-NC"),
        track(licence="unknown"),
    ]
    facts = Facts.of(songs)
    for wish, left in [
        (Wish(), [True, True, True]),
        (Wish(use="broadcast"), [True, False, False]),
        (Wish(vocals=False), [True, False, False]),
        (Wish(vocals=True), [False, True, False]),
        (Wish(tempo_bpm=(100, 140)), [True, True, False]),
        (Wish(length_s=(0, 60)), [True, False, False]),
        (Wish(length_s=(61, np.inf)), [False, True, False]),
    ]:
        assert facts.mask(wish).tolist() == left, wish
        assert bool(wish) == (wish != Wish())


# Words and sound --------------------------------------------------------------------------------------


def test_a_song_whose_words_say_one_mood_and_whose_sound_another_is_told_apart() -> None:
    said = contrast("Happy Days", (), -0.6, -0.5)
    assert said is not None and (said.words, said.sound) == ("bright", "sombre")
    lyrics = contrast("Track 4", ("tears", "lonely"), 0.7, 0.6)
    assert lyrics is not None and (lyrics.words, lyrics.sound) == ("sombre", "bright")
    chinese = contrast("悲傷的歌", (), 0.7, 0.6)
    assert chinese is not None and chinese.words == "sombre"


@pytest.mark.parametrize(
    ("title", "said", "valence", "energy"),
    [
        ("Happy Days", (), 0.4, 0.3),
        ("Track 4", (), -0.9, -0.9),
        ("Dark", ("happy", "sad"), 0.8, 0.8),  # the words themselves do not agree
        ("Calm sea", (), -0.1, -0.4),  # not clearly elsewhere
        ("Sadie", (), 0.9, 0.9),  # a name is no mood
    ],
)
def test_nothing_is_said_where_words_and_sound_agree_or_words_say_nothing(
    title: str, said: tuple[str, ...], valence: float, energy: float
) -> None:
    assert contrast(title, said, valence, energy) is None


def test_a_line_of_lyrics_says_little() -> None:
    assert mood_words("I cry", least=3) == ()
    assert set(mood_words("I cry, alone, so lonely, I cry", least=3)) == {"cry", "alone", "lonely"}
    assert said_corner(("cry", "lonely")) == "sombre"
    assert [corner_at(v, e) for v, e in ((1, 1), (-1, 1), (-1, -1), (1, -1))] == ["bright", "tense", "sombre", "calm"]


def test_the_contrast_stands_beside_the_track_and_not_beside_installed_music() -> None:
    jarring = track(title="Happy", valence=-0.6, energy=-0.6, measured=True)
    assert usable_words.note(jarring) == t_plain(
        "tracks.contrast", words=t_plain("cue.mood.bright"), sound=t_plain("cue.mood.sombre")
    )
    assert contrast_of(track(title="Happy", valence=-0.6, energy=-0.6)) is None, "a maker's word is no measurement"
    assert not any(contrast_of(t) for t in studio.installed().tracks)


# What is shown ----------------------------------------------------------------------------------------


def test_every_track_says_what_it_asks_for() -> None:
    assert "free to use" in usable_words.licence(track())
    assert "name the author" in usable_words.licence(track(licence="CC BY 4.0"))
    assert "not for use" in usable_words.licence(track(licence="CC BY-NC"))
    assert "yours to check" in usable_words.licence(track(licence="unknown"))
    assert "(c) 2019" in usable_words.licence(track(licence="(c) 2019 X"))


def test_a_curve_is_told_in_words_and_drawn_within_bounds() -> None:
    music = studio.installed()
    for one in music.tracks:
        sound = music.sounds[one.id]
        drawn = tracks.curve(sound)
        assert drawn is not None and len(drawn["energy"]) == len(drawn["valence"]) <= tracks.MOST_POINTS
        assert np.abs([*drawn["energy"], *drawn["valence"]]).max() <= 1
        assert tracks.in_words(sound).startswith("Energy ")
    rising = tracks._course(np.linspace(-0.5, 0.5, 9))
    assert (rising, tracks._course(np.zeros(4)), tracks._course(np.linspace(1, 0, 5))) == ("rises", "stays", "falls")


def test_a_collection_keeps_each_track_once_and_finds_it() -> None:
    a, b = Collection((track(id="1"), track(id="2")), {}), Collection((track(id="2", title="Z"), track(id="3")), {})
    both = Collection.joined((a, b))
    assert [t.id for t in both.tracks] == ["1", "2", "3"]
    found = both.of("2")
    assert found is not None and found.title == "A" and both.of("9") is None
    assert both.emotion.tolist() == [-1, -1, -1] and len(Collection((), {}).position) == 0


def test_own_tracks_say_what_their_tags_say(tmp_path: Path) -> None:
    tags = Tags("Song", "Somebody", None, "Pop", None, "https://creativecommons.org/licenses/by/4.0/", ("sad",))
    one = own.usable(OwnTrack(tmp_path / "x.mp3", "heard", tags, None, None))
    assert (one.title, one.artist, one.licence, one.said) == ("Song", "Somebody", "CC BY 4.0", ("sad",))
    assert one.credit == "Song, Somebody (CC BY 4.0, https://creativecommons.org/licenses/by/4.0/)"
    bare = own.usable(OwnTrack(tmp_path / "y.mp3", "heard", Tags(None, None, None, None, None, "unknown"), None, None))
    assert (bare.title, bare.credit, bare.uses) == ("y", "y", frozenset())


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song with a cover, mood tags and lyrics."""
    folder = tmp_path_factory.mktemp("covered")
    Image.effect_noise((640, 400), 80).convert("RGB").save(folder / "cover.jpg")
    done = folder / "song.mp3"
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "sine=440:duration=1", "-i", str(folder / "cover.jpg"),
         "-map", "0:a", "-map", "1:v", "-c:a", "libmp3lame", "-c:v", "copy", "-id3v2_version", "3",
         "-metadata", "title=Song", "-metadata", "TMOO=happy", "-metadata", "genre=Sad Pop",
         "-metadata", "lyrics=cry cry lonely tears", str(done)],
        check=True,
    )  # fmt: skip
    return done


def test_mood_words_of_tags_and_lyrics_are_kept(covered: Path) -> None:
    assert {"sad", "happy", "cry", "lonely", "tears"} >= set(read_tags(covered).said) >= {"sad"}
    assert "happy" in read_tags(covered).said


def test_a_cover_is_drawn_anew_and_small(covered: Path, tmp_path: Path) -> None:
    shown = covers.small(track(path=str(covered)))
    assert shown is not None and shown.startswith("data:image/webp;base64,")
    data = base64.b64decode(shown.partition(",")[2])
    picture = Image.open(BytesIO(data))
    assert picture.size == (covers.SIDE_PX, covers.SIDE_PX) and len(data) < 8_000
    assert not picture.getexif()
    assert covers.small(track(path=str(covered), source="installed")) is None
    broken = tmp_path / "broken.mp3"
    whole = covered.read_bytes()
    at = whole.index(b"\xff\xd8\xff")
    broken.write_bytes(whole[: at + 40] + b"\0" * 2000 + whole[at + 2040 :])
    shown = covers.small(track(path=str(broken)))
    assert shown is None or shown.startswith("data:image/webp;base64,")  # whatever is left of it, nothing is raised
    assert covers.small(track(path=str(tmp_path / "gone.mp3"))) is None


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_who_looks_for_an_emotion_finds_installed_music_of_it(emotion: str) -> None:
    found = studio.installed()
    assert found.mask(emotions=[emotion]).sum() >= 3, "its makers call three of it so at least"
