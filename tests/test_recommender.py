"""The seed's picks, LMC's file, and the command line."""

import csv
import json
import random
import subprocess
import sys

import pytest

from emotion.labels import EMOTIONS
from emotion.result import to_dict
from emotion.timeline import Clip, EmotionScores, Timeline, Verdict
from moodcue.__main__ import main as moodcue
from recommender import paths, sentence
from recommender.__main__ import main
from recommender.ranking import picks
from recommender.songs import files, lmc, moods

HEADER = (
    "msd_id,msd_artist,msd_title,is_english,lyrics_available,wordcount,lyrics_filename,found_tags,matched_mood,mood"
)


def scores(**probs: float) -> EmotionScores:
    return EmotionScores.from_array([probs.get(e, 0.0) for e in EMOTIONS])


@pytest.fixture(scope="module")
def starter():
    return files.read(paths.STARTER)


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODCUE_HOME", str(tmp_path / "home"))


def test_five_for_the_voice_and_five_for_the_face(starter):
    got = picks.seed_picks(scores(sad=0.7, calm=0.3), scores(happy=1), starter, seed=3)
    assert [p.for_modality for p in got] == ["voice"] * 5 + ["face"] * 5
    assert [p.track.emotion for p in got] == ["sad"] * 5 + ["happy"] * 5
    assert len({p.track.id for p in got}) == 10
    assert len({p.track.artist for p in got}) == 10


@pytest.mark.parametrize("same", EMOTIONS)
def test_ten_for_the_one_side_there_is_and_ten_different_ones_for_two_that_agree(starter, same):
    assert len(picks.seed_picks(scores(**{same: 1}), None, starter)) == 10
    face_only = picks.seed_picks(None, scores(**{same: 1}), starter)
    assert {p.for_modality for p in face_only} == {"face"}
    both = picks.seed_picks(scores(**{same: 1}), scores(**{same: 1}), starter)
    assert len({p.track.id for p in both}) == 10
    assert picks.seed_picks(None, None, starter) == []


def test_the_seed_repeats_and_another_one_differs(starter):
    def ids(seed):
        return [p.track.id for p in picks.seed_picks(scores(sad=1), None, starter, seed=seed)]

    assert ids(5) == ids(5)
    assert ids(5) != ids(6)


def test_artists_repeat_only_where_the_list_has_no_other():
    from recommender.songs.catalogue import from_columns

    few = from_columns("x", {"artist": ["A"] * 9 + ["B"], "title": list("abcdefghij"), "mood": ["excitement"] * 10})
    got = picks.emotion_picks("surprised", 3, few)
    assert [p.track.artist for p in got[:2]].count("B") == 1
    assert len(got) == 3
    assert len(picks.emotion_picks("surprised", 50, few)) == 10


def test_reasons_read_in_both_languages(starter):
    pick = picks.seed_picks(scores(sad=1), None, starter)[0]
    assert "sad" in sentence(pick.reason, "en")
    assert "voice" in sentence(pick.reason, "en")
    assert "語氣" in sentence(pick.reason, "zh_TW")
    assert "{" not in sentence(pick.reason, "zh_TW")


# LMC ---------------------------------------------------------------------------------------------


def lmc_row(i: int, mood: str, matched: str = "1") -> str:
    return f'TR{i:06d},"Artist, {i % 977}","Title ""{i}""",1,1,120,f{i},9,{matched},{mood}'


def write_lmc(path, songs: list[str]) -> None:
    path.write_text("\n".join([HEADER, *(lmc_row(i, m) for i, m in enumerate(songs))]) + "\n", encoding="utf-8")


def test_convert_gives_the_seed_table(tmp_path, capsys):
    songs = [mood for mood, count in moods.SEED_COUNTS.items() for _ in range(count)]
    random.Random(11).shuffle(songs)
    write_lmc(tmp_path / "lmc.csv", songs)
    out = tmp_path / "catalogue"
    assert main(["convert", str(tmp_path / "lmc.csv"), "--output", str(out), "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {e: printed[e] for e in EMOTIONS} == moods.SEED_TOTALS
    assert (printed["total"], printed["with_a_mood"]) == (6714, 25_766)
    with out.open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == 6714
    assigned = moods.assign(songs)
    for row in rows[::97]:
        i = int(row["id"][2:])
        assert (row["emotion"], int(row["seed_rank"])) == (EMOTIONS[assigned.emotion[i]], assigned.seed_rank[i])
    again = files.read(out)  # what was written is a catalogue, and keeps the lists as they were
    assert {e: len(again.seed_list(e)) for e in EMOTIONS} == moods.SEED_TOTALS


def test_rows_without_a_mood_are_left_out_and_counted(tmp_path):
    lines = [HEADER, lmc_row(1, "sad"), lmc_row(2, "unknown", "0"), lmc_row(3, "", "-1"), lmc_row(4, "Happy", "1.0")]
    lines += [lmc_row(5, "dreamy"), "broken,row", "", ",,,1,1,9,f,9,1,sad", lmc_row(6, "sad") + ",extra"]
    (tmp_path / "l.csv").write_bytes("\n".join(lines).encode() + b"\nTR9,\xff\xfe,T,1,1,9,f,9,1,anger\n")
    songs = lmc.read(tmp_path / "l.csv")
    assert songs.mood == ["sad", "happy", "anger"]
    assert songs.rejected == {"no_matched_mood": 2, "unknown_mood": 1, "bad_row": 3}


def test_a_song_listed_twice_counts_twice(tmp_path):
    (tmp_path / "l.csv").write_text("\n".join([HEADER, lmc_row(1, "sad"), lmc_row(1, "sad")]))
    converted = lmc.convert(lmc.read(tmp_path / "l.csv"), "l.csv")
    assert [t.emotion for t in converted] == ["sad", "sad"]


def test_no_such_table_or_another_table(tmp_path, capsys):
    assert main(["convert", str(tmp_path / "absent.csv")]) == 1
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert main(["convert", str(tmp_path / "other.csv")]) == 1
    (tmp_path / "empty.csv").write_text("")
    assert main(["convert", str(tmp_path / "empty.csv")]) == 1
    err = capsys.readouterr().err
    assert "absent.csv" in err
    assert "msd_id" in err


# Command line ------------------------------------------------------------------------------------


def test_songs_for_an_emotion(capsys):
    assert main(["--emotion", "sad", "--count", "5", "--format", "json"]) == 0
    got = json.loads(capsys.readouterr().out)
    assert len(got) == 5
    assert {row["emotion"] for row in got} == {"sad"}
    assert main(["--emotion", "happy", "--count", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("1  ")
    assert lines[4].startswith("3  ")
    assert lines[-2].startswith("music: ")
    assert "birdsong" in lines[-1]
    assert main(["--emotion", "happy", "--count", "2", "--format", "csv"]) == 0
    assert len(list(csv.DictReader(capsys.readouterr().out.splitlines()))) == 2


def test_what_is_asked_of_an_emotions_songs_is_heeded_and_what_does_not_exist_is_said(capsys):
    def songs(*argv):
        assert main(["--emotion", "sad", "--count", "4", "--format", "json", *argv]) == 0
        return json.loads(capsys.readouterr().out)

    plain = songs()
    assert all(row["valence"] > 0 for row in songs("--intent", "contrast")), "the other side of sad"
    steered = songs("--goal", "hopeful")
    assert steered[-1]["valence"] > 0 > steered[0]["valence"]
    assert "step 1 of 4 from sad to hopeful" in steered[0]["why"].lower()
    genre = plain[0]["genre"]
    assert {row["genre"] for row in songs("--genre", genre)} == {genre}
    assert {row["energy"] for row in songs("--energy", "high")} == {"high"}
    assert {row["year"] // 10 for row in songs("--decade", "1990")} == {199}
    for row in [*steered, *songs("--intent", "match")]:
        assert row["start"] is None and "0:00" not in row["why"], "an emotion by itself lasts from nowhere to nowhere"
    for argv in (["--genre", "nope"], ["--decade", "1666"]):
        assert main(["--emotion", "sad", *argv]) == 2
        assert argv[1] in capsys.readouterr().err
    for argv in (["--goal", "nowhere"], ["--energy", "loud"]):
        assert moodcue(["songs", "--emotion", "sad", *argv]) == 2
        assert argv[1] in capsys.readouterr().err


def test_songs_for_a_timeline(tmp_path, capsys):
    timeline = Timeline(
        Clip("clip.mp4", 4.0),
        (),
        voice=Verdict(scores(angry=0.9, sad=0.1), True),
        face=Verdict(scores(fearful=0.6, sad=0.4), False),
    )
    path = tmp_path / "t.json"
    path.write_text(json.dumps(to_dict(timeline)))
    assert main([str(path), "--format", "json"]) == 0
    got = json.loads(capsys.readouterr().out)
    assert [row["emotion"] for row in got] == ["angry"] * 5 + ["fearful"] * 5


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "3", '{"clip": {"name": "x"}}', "[" * 100_000])
def test_other_files_are_no_timelines(tmp_path, capsys, content):
    path = tmp_path / "t.json"
    path.write_text(content)
    assert main([str(path)]) == 1
    assert "t.json is not a MoodCue timeline" in capsys.readouterr().err


def test_a_timeline_without_any_emotion(tmp_path, capsys):
    path = tmp_path / "t.json"
    path.write_text(json.dumps(to_dict(Timeline(Clip("c", 1.0), ()))))
    assert main([str(path)]) == 1
    assert "no emotion" in capsys.readouterr().err


def test_wrong_calls_end_with_status_2(capsys):
    assert main(["--emotion", "gloomy"]) == 2
    assert "neutral, calm" in capsys.readouterr().err
    for argv in ([], ["--emotion", "sad", "--count", "0"], ["t.json", "--emotion", "sad"]):
        with pytest.raises(SystemExit) as e:
            main(argv)
        assert e.value.code == 2


def test_as_a_program_without_tensorflow_or_streamlit():
    code = (
        "import sys, runpy; sys.argv = ['recommender', '--emotion', 'calm', '--count', '1'];\n"
        "try: runpy.run_module('recommender', run_name='__main__')\n"
        "except SystemExit as e: assert not e.code\n"
        "bad = {'tensorflow', 'streamlit', 'keras', 'deepface'} & set(sys.modules); assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "why" in done.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path, encoding, delimiter):
    rows = [
        HEADER,
        "TR1,Bj\u00f6rk,J\u00f3ga,1,1,9,x.txt,1,1,sad",
        "TR2,Sigur R\u00f3s,Hopp\u00edpolla,1,1,9,x.txt,1,1,happy",
    ]
    (tmp_path / "lmc.csv").write_bytes("\r\n".join(rows).replace(",", delimiter).encode(encoding))
    songs = lmc.read(tmp_path / "lmc.csv")
    assert songs.artist == ["Bj\u00f6rk", "Sigur R\u00f3s"]
    assert songs.title == ["J\u00f3ga", "Hopp\u00edpolla"]
    assert set(songs.rejected.values()) == {0}


@pytest.mark.parametrize("field", ["duration_s", "fps"])
@pytest.mark.parametrize("value", ["Infinity", "NaN", "-1", "1e400", '"x"'])
def test_a_timeline_with_an_impossible_number_is_said_to_be_none(tmp_path, capsys, field, value):
    data = json.dumps(to_dict(Timeline(Clip("c.mp4", 9.0), (), voice=Verdict(scores(sad=1), True))))
    original = "9.0" if field == "duration_s" else "null"
    path = tmp_path / "clip.json"
    path.write_text(data.replace(f'"{field}": {original}', f'"{field}": {value}'))
    status = main([str(path), "--intent", "match"])
    assert status in (0, 1) and (status == 1 or field == "fps")
    assert "Traceback" not in capsys.readouterr().err
