"""The bundled clips: listed, intact, and holding the streams that a first visit needs."""

import hashlib
import json
from pathlib import Path

import av
import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.media import read_sound
from emotion.messages import catalogue
from emotion.pipeline import Readers, analyse
from recommender.cues import MOODS, make_sheet

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "samples"
ROWS = json.loads((FOLDER / "samples.json").read_text(encoding="utf-8"))
LOCALES = {
    language: json.loads((FOLDER.parent / "locale" / f"samples.{language}.json").read_text(encoding="utf-8"))
    for language in ("en", "zh_TW")
}


@pytest.fixture(params=ROWS, ids=[row["id"] for row in ROWS])
def row(request: pytest.FixtureRequest) -> dict:
    return request.param


def test_every_clip_in_the_folder_is_listed() -> None:
    assert {row["file"] for row in ROWS} == {p.name for p in FOLDER.glob("*.mp[34]")}


def test_the_file_is_the_one_listed(row: dict) -> None:
    content = (FOLDER / row["file"]).read_bytes()
    assert len(content) <= 700 * 1024
    assert hashlib.sha256(content).hexdigest() == row["sha256"]
    assert row["licence"]
    assert row["source"]


def test_the_title_stands_in_both_languages(row: dict) -> None:
    assert all(strings[row["title_key"]] for strings in LOCALES.values())


def test_a_sample_reads_as_it_is_captioned(row: dict, readers: Readers) -> None:
    """Every mood that the sheet shows stands in the caption, in its order, and so do the clip's seconds."""
    sheet = make_sheet(analyse(FOLDER / row["file"], readers))
    for language, strings in LOCALES.items():
        caption = strings[row["title_key"]].lower()
        words = catalogue(language)
        told: list[str] = []
        for cue in sheet.cues:
            parts = cue.mood.parts
            told += [words[f"emotion.{p.emotion}"] for p in parts] if parts else [words[f"cue.mood.{cue.mood.word}"]]
        places = [caption.find(word.lower()) for word in told]
        assert min(places) >= 0, f"{caption!r} does not say {told}: {sheet.course()}"
        assert places == sorted(places)
        assert f"{row['duration_s']:.0f}" in caption
        others = {words[f"cue.mood.{m}"] for m in MOODS} - set(told) - {words[f"emotion.{e}"] for e in EMOTIONS}
        assert not [o for o in others if o.lower() in caption], "and nothing that is not read"


def test_sound_and_picture_last_as_long_as_listed(row: dict) -> None:
    with av.open(str(FOLDER / row["file"])) as clip:
        assert len(clip.streams.audio) == 1
        assert len(clip.streams.video) == (1 if row["faces"] else 0)
        assert clip.duration is not None
        assert clip.duration / av.time_base == pytest.approx(row["duration_s"], abs=0.1)
        if row["faces"]:
            assert {clip.streams.video[0].codec_context.name, clip.streams.audio[0].codec_context.name} == {
                "h264",
                "aac",
            }
            moving = [f.to_ndarray(format="gray")[::4, ::4].astype(float) for f in clip.decode(video=0)]
            assert len(moving) == pytest.approx(25 * row["duration_s"], abs=3)
            assert np.abs(moving[10] - moving[60]).mean() > 1, "the picture stands still"
    assert 8 <= row["duration_s"] <= 40


def test_there_is_a_voice(row: dict) -> None:
    y = read_sound(FOLDER / row["file"], 16000)
    assert len(y) / 16000 == pytest.approx(row["duration_s"], abs=0.15)
    assert 0.05 < np.abs(y).max() <= 1
    loud = np.sqrt(np.mean(y[: len(y) // 1600 * 1600].reshape(-1, 1600) ** 2, axis=1)) > 0.01
    assert 0.4 < loud.mean() < 0.98, "speech with pauses"
