"""The evidence page shows what the evaluations wrote, all of it and nothing else."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion import weights
from emotion.labels import EMOTIONS
from emotion.messages import catalogue
from emotion.training import scores
from pages.evidence import figures, reading
from recommender.songs import moods

ROOT = Path(__file__).resolve().parent.parent
PAGE = str(ROOT / "pages" / "evidence" / "page.py")


def words(key: str, **values: object) -> str:
    return f"{key}{values or ''}"


def judged(strength: float, seed: int = 0) -> dict[str, object]:
    """An evaluation as the training code writes it, over random guesses that lean towards the truth."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 8, 800)
    logits = rng.normal(size=(800, 8))
    logits[np.arange(800), true] += strength
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    predicted = probs.argmax(axis=1)
    return {
        **scores.summary(true, predicted),
        "confusion": scores.confusion(true, predicted).tolist(),
        "reliability": scores.reliability(true, probs),
        "ece": scores.expected_calibration_error(true, probs),
    }


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOODCUE_MODELS_DIR", str(tmp_path))
    return tmp_path


def write(folder: Path, metrics: object, **config: object) -> None:
    folder.mkdir(parents=True)
    (folder / "net.onnx").write_bytes(b"net")
    files = {"net.onnx": hashlib.sha256(b"net").hexdigest()}
    (folder / "config.json").write_text(json.dumps({"files": files, "labels": EMOTIONS, **config}))
    if metrics is not None:
        (folder / "metrics.json").write_text(json.dumps(metrics))


def test_honest_and_leaked_results_are_told_apart(models: Path) -> None:
    good, leaked = judged(1.5), judged(4)
    write(models / "voice-v3", {"leaked_random_split": leaked, "six_folds": good, "data": "words"})
    (found,) = reading.read_all()
    assert found.main is not None
    assert found.main.accuracy == good["accuracy"]
    assert found.leaked is not None
    assert found.leaked.uar == leaked["uar"]
    assert found.notes == ("words",)
    assert len(found.results) == 2, "the bins of a reliability diagram are no results"


def test_recalls_and_mistakes_come_from_the_matrix() -> None:
    matrix = np.diag([8.0] * 8)
    matrix[2, 7] = 2
    result = reading.Result(("x",), 0.9, 0.9, 0.9, 66, EMOTIONS, matrix)
    assert result.recalls()["happy"] == (0.8, 10)
    assert result.mix_ups() == [("happy", "surprised", 0.2)]


def test_every_number_of_the_file_is_listed(models: Path) -> None:
    tree = {
        "noise": {"babble": {"uar": 0.5}, "phone": {"uar": 0.6}},
        "coverage": 0.7,
        "published": [{"name": "a", "uar": 0.65}],
    }
    write(models / "voice-v3", tree)
    (found,) = reading.read_all()
    assert {f.value for f in found.figures} == {0.5, 0.6, 0.7, 0.65}
    assert [r.published for r in found.results] == [False, False, True]


def test_the_way_to_the_model_keeps_leaked_steps_apart(models: Path) -> None:
    steps = [
        {"step": "first recipe", "leaked": False, "accuracy": 0.4, "uar": 0.38, "n": 1440},
        {"step": "first recipe, random split", "leaked": True, "accuracy": 0.66, "uar": 0.65, "n": 1440},
    ]
    published = [{"what": "people", "value": 0.6, "source": "somebody (2018)"}]
    write(models / "voice-v3", {"six_folds": judged(2), "ladder": steps, "published": published})
    (found,) = reading.read_all()
    assert found.main is not None
    assert found.main.path == ("six_folds",)
    assert [(r.path[1], r.leaked, r.published, r.score) for r in found.compared] == [
        ("first recipe", False, False, 0.38),
        ("first recipe, random split", True, False, 0.65),
        ("people", False, True, 0.6),
    ]
    text = shown(AppTest.from_file(PAGE, default_timeout=60).run())
    assert "somebody" in text


def test_a_face_is_compared_with_others_on_the_same_pictures(models: Path) -> None:
    ours = {"eight": judged(3), "seven": judged(2)}
    theirs = [{"name": "other", "seven": judged(1), "fer2013": judged(1, 1)}]
    write(models / "face-x-v1", {"private": ours, "baselines": theirs})
    (found,) = reading.read_all()
    assert found.main is not None
    assert found.main.path == ("private", "eight")
    assert [r.path for r in found.compared] == [("private", "seven"), ("baselines", "other", "seven")]


def test_the_heat_map_writes_percent_of_the_row() -> None:
    counts = np.array([[3.0, 1.0], [0.0, 5.0]])
    heat = figures.confusion_figure(counts, ("happy", "sad"), words).data[0]
    assert np.asarray(heat["text"]).tolist() == [[75, 25], [0, 100]]


def shown(at: AppTest) -> str:
    assert not at.exception
    parts = [*at.markdown, *at.caption, *at.warning, *at.info, *at.title, *at.subheader]
    return " ".join([str(p.value) for p in parts] + [f"{m.label} {m.value}" for m in at.metric])


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_the_page_quotes_the_files(models: Path, language: str) -> None:
    good = judged(2)
    write(
        models / "voice-v3",
        {"six_folds": {**good, "sure": {"answered": 0.5, "right": 0.9}}, "leaked_split": judged(4)},
        threshold=0.55,
    )
    at = AppTest.from_file(PAGE, default_timeout=60)
    at.query_params["lang"] = language
    text = shown(at.run())
    assert f"{good['accuracy']:.1%}" in text
    assert "55%" in text
    sentences = catalogue(language.replace("-", "_"))
    assert sentences["evidence.leaked.warning"] in text
    assert sentences["evidence.nothing_measured"] in text, "no face was evaluated here"
    assert "non-commercial" in text.lower() or "非商業" in text


def test_the_page_stands_before_anything_was_measured(models: Path) -> None:
    write(models / "voice-v3", None)
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    assert catalogue("en")["evidence.nothing_measured"] in shown(at)


def test_the_page_shows_the_models_that_ship() -> None:
    at = AppTest.from_file(PAGE, default_timeout=60).run()
    shown(at)
    listed = " ".join(str(frame.value) for frame in at.dataframe)
    for model in weights.available():
        assert model.name in listed


def test_each_reason_of_the_mapping_stands_in_both_languages() -> None:
    for mood in moods.TABLE:
        assert catalogue("en")[f"evidence.reason.{mood.name}"] == mood.reason
        assert catalogue("zh_TW")[f"evidence.reason.{mood.name}"]


def test_both_languages_have_the_same_sentences() -> None:
    own = [{k for k in catalogue(lang) if k.startswith(("evidence.", "metric."))} for lang in ("en", "zh_TW")]
    assert own[0] == own[1]


def test_the_music_model_shows_its_figures_and_those_alone() -> None:
    metrics = json.loads((ROOT / "assets" / "models" / "music-v5" / "metrics.json").read_text())
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception
    tables = {tuple(d.value.columns): d.value for d in page.dataframe}
    (table,) = [d for columns, d in tables.items() if "Four quadrants, macro-F1" in columns]
    assert table.iloc[0]["Four quadrants, macro-F1"] == f"{metrics['four_quadrants']['this_model']['macro_f1']:.1%}"
    published = next(iter(metrics["four_quadrants"]["published_f1"].values()))
    assert f"{published:.1%}" in set(table["Four quadrants, macro-F1"])
    captions = " ".join(c.value for c in page.caption).replace("\\", "")
    for kind in ("unseen", "varied"):
        assert f"{metrics[f'rendered_{kind}']['tempo']:.1%}" in captions
    assert f"{metrics['piano']['among_all']['energy_sign']:.0%}" in captions


def test_recordings_it_never_met_stand_first(models: Path) -> None:
    """What a voice model says of its own studio is no promise for other recordings."""
    found = {"uar": 0.55, "sure": 0.1, "right_when_sure": 0.8, "valence_sign": 0.7, "arousal_sign": 0.8, "ece": 0.1}
    unsure = {**found, "uar": 0.45, "sure": 0.0, "right_when_sure": float("nan")}
    left_out = {known: {"version_3": {"nemo": unsure, "mean": found}} for known in ("alone", "12 others")}
    command = "python -m emotion.training.evaluate_corpora --more DIR"
    write(models / "voice-v3", {"six_folds": judged(2), "corpus_left_out": left_out, "left_out_command": command})
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    first, *_ = [m.value for m in page.metric]
    assert first == "55%"
    table = page.dataframe[0].value
    assert table.iloc[0].tolist()[1:5] == ["45%", "45%", "0% / 0%", "– / –"]
    assert command in [code.value for code in page.code], "as it is typed"
