"""How the face network is made and measured: clean splits, both forms of the network, measures with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from emotion.face import model
from emotion.training import face_answer, face_card, face_data, face_measures
from emotion.training.face_backbone import Convolution
from tests.conftest import ROOT

FOLDER = ROOT / "assets" / "models" / model.FOLDER


def test_a_photograph_is_known_again_brighter_and_mirrored(rng: np.random.Generator) -> None:
    blobs = np.kron(rng.integers(30, 200, (4, 8, 8)), np.ones((6, 6))).astype(np.uint8)
    one = face_data.Faces(blobs, np.eye(8, dtype=np.float32)[:4], np.zeros(4, np.uint8))
    brighter = face_data.Faces((blobs[:2] * 1.2 + 5).astype(np.uint8), one.votes[:2], one.fer2013[:2])
    mirrored = face_data.Faces(blobs[2:3, :, ::-1].copy(), one.votes[2:3], one.fer2013[2:3])
    assert face_data.has_twin(one, brighter).tolist() == [True, True, False, False]
    assert face_data.has_twin(one, mirrored).tolist() == [False, False, True, False]


def test_ties_go_to_the_first_class_and_half_is_not_clear() -> None:
    votes = np.array([[0.5, 0.5, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0.6, 0.4, 0, 0, 0]], np.float32)
    faces = face_data.Faces(np.zeros((2, 48, 48), np.uint8), votes, np.zeros(2, np.uint8))
    assert faces.majority.tolist() == [0, 3]
    assert faces.clear.tolist() == [False, True]


@pytest.mark.data
def test_no_photograph_stands_in_two_splits(data: Path) -> None:
    splits = face_data.load_clean(data)
    assert len(splits["private"]) == 3545 and int(splits["private"].clear.sum()) == 3265
    assert len(splits["public"]) == face_data.KEPT
    pixels = {name: {i.tobytes() for i in faces.images} for name, faces in splits.items()}
    assert not pixels["train"] & (pixels["private"] | pixels["public"])
    assert not pixels["public"] & pixels["private"]
    sample = splits["train"].where(np.arange(len(splits["train"])) % 20 == 0)
    assert not face_data.has_twin(sample, splits["private"]).any()


@pytest.fixture
def start(rng: np.random.Generator) -> list[Convolution]:
    """Weights by chance for grey pictures."""
    pytest.importorskip("tensorflow", reason="TensorFlow, which trains, has no wheels for this Python")
    from emotion.training import face_network

    return by_chance(face_network.WIDTHS, rng)


SMALL = tuple(8 + 2 * i for i in range(14))
"""Widths for which little is computed."""


def by_chance(widths: Sequence[int], rng: np.random.Generator) -> list[Convolution]:
    from emotion.training import face_network

    shapes = [tuple(v.shape) for v in face_network.build(widths).weights[:-4]]
    fans = [s[0] * s[1] * (1 if s[-1] == 1 else s[2]) if len(s) == 4 else 400 for s in shapes]
    arrays = [rng.normal(0, np.sqrt(2 / n), s).astype(np.float32) for s, n in zip(shapes, fans, strict=True)]
    return [Convolution(k, b) for k, b in zip(arrays[::2], arrays[1::2], strict=True)]


def pictures(rng: np.random.Generator, n: int) -> face_data.Faces:
    return face_data.Faces(
        rng.integers(0, 256, (n, 48, 48)).astype(np.uint8),
        np.eye(8, dtype=np.float32)[np.arange(n) % 8],
        (np.arange(n) % 7).astype(np.uint8),
    )


def test_what_learns_computes_what_it_starts_from_and_what_is_served(
    start: list[Convolution], rng: np.random.Generator
) -> None:
    """Normalisation put back and folded again changes no answer; the first convolutions do not learn."""
    from emotion.training import face_network

    faces = rng.random((8, face_network.SIDE, face_network.SIDE, 1), np.float32)
    plain = face_network.build()
    face_network.give(plain, start)
    assert face_network.widths_of([c.kernel for c in start]) == list(face_network.WIDTHS)
    for v in plain.weights[-4:]:
        v.assign(rng.normal(0, 1, v.shape).astype(np.float32))
    learning = face_network.start_from(plain, faces)
    served = face_network.folded([v.numpy() for v in learning.weights])
    expected = plain(faces, training=False).numpy()
    spread = float(np.abs(expected - expected.mean(axis=0)).max())
    assert spread > 1e-3, "the answers differ from face to face"
    np.testing.assert_allclose(learning(faces, training=False).numpy(), expected, atol=0.01 * spread)
    np.testing.assert_allclose(served(faces, training=False).numpy(), expected, atol=0.01 * spread)
    still = len(learning.weights) - len(learning.trainable_variables)
    assert still == 2 * face_network.FIXED + 2 * (len(start) - face_network.FIXED), "moments and first convolutions"


def test_the_other_kind_of_network_starts_as_its_package_has_it(rng: np.random.Generator) -> None:
    """Scales and shifts become a normalisation that computes the same: looked at after the first convolution."""
    keras = pytest.importorskip("keras", reason="TensorFlow, which trains, has no wheels for this Python")
    from emotion.training import face_network, face_residual
    from emotion.training.tensors import ops

    given, shapes = {}, {"conv32_down": (7, 7, 3, 32)}

    def unit(x: object, name: str, channels: int, side: int, stride: int) -> object:
        made = keras.layers.Conv2D(channels, side, stride, padding="same" if stride == 1 else "valid")
        out = made(x)
        shapes.setdefault(name, tuple(made.kernel.shape))
        return out

    face_residual.build(unit)
    for name, shape in shapes.items():
        fan, n = int(np.prod(shape[:3])), shape[-1]
        given |= {
            f"{name}/conv/filters": rng.normal(0, fan**-0.5, shape).astype(np.float32),
            f"{name}/conv/bias": rng.normal(0, 0.1, n).astype(np.float32),
            f"{name}/scale/weights": rng.uniform(0.5, 2, n).astype(np.float32),
            f"{name}/scale/biases": rng.normal(0, 0.1, n).astype(np.float32),
        }
    faces = rng.random((4, face_network.SIDE, face_network.SIDE, 1), np.float32)
    model = face_residual.start_from(given, faces)
    first = next(x for x in model.layers if isinstance(x, keras.layers.BatchNormalization))
    seen = keras.Model(model.inputs, first.output)(faces, training=False).numpy()
    coloured = face_network.SPREAD / 255 * np.repeat(face_network.Standardise()(faces).numpy(), 3, axis=-1)
    kernel, bias, scale, moved = (
        given[f"conv32_down/{x}"] for x in ("conv/filters", "conv/bias", "scale/weights", "scale/biases")
    )
    expected = scale * (ops.conv(coloured, kernel, 2, "valid").numpy() + bias) + moved
    np.testing.assert_allclose(seen, expected, atol=1e-3 * float(expected.std()))
    assert model(faces, training=False).shape == (4, 15)


def test_a_run_is_left_and_gone_on_from(
    start: list[Convolution], rng: np.random.Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has learnt differs from what it started from, but for the first convolutions; a parcel is as the data."""
    from emotion.training import face_network, face_parcel, face_runs, train_face

    monkeypatch.setitem(face_runs.BUILD, "served", lambda: face_network.build_for_training(SMALL))
    faces: dict[face_data.Split, face_data.Faces] = {
        "train": pictures(rng, 16),
        "public": pictures(rng, 8),
        "private": pictures(rng, 4),
    }
    face_parcel.pack(faces, tmp_path / "parcel.npz")
    again = face_parcel.unpack(tmp_path / "parcel.npz")
    assert set(again) == {"train", "public"}, "the pictures that judge are not carried"
    for name, some in again.items():
        assert np.abs(some.images.astype(int) - faces[name].images).max() <= 1
        np.testing.assert_array_equal(some.votes, faces[name].votes)
        np.testing.assert_array_equal(some.fer2013, faces[name].fer2013)

    face_runs.save(tmp_path / "a", "served", face_network.build_for_training(SMALL).get_weights(), {"source": "chance"})
    plan = train_face.Plan(epochs=2, batch_size=8, looks=2, average=0.5)
    train_face.train(plan, again, tmp_path / "a", [tmp_path / "a"], tmp_path / "b")
    assert face_runs.kind_of(tmp_path / "b") == "served"
    before, after = (face_runs.weights_of(tmp_path / x) for x in "ab")
    moved = [float(np.abs(x - y).max()) for x, y in zip(before, after, strict=True)]
    assert max(moved[: 2 * face_network.FIXED]) == 0 and max(moved[2 * face_network.FIXED :]) > 1e-4
    assert len((tmp_path / "b" / train_face.LOG).read_text().splitlines()) == 2
    for v, w in zip(face_runs.load(tmp_path / "b").weights, after, strict=True):
        np.testing.assert_array_equal(v.numpy(), w)
    (tmp_path / "b" / face_runs.PLAN).write_text('{"kind": "another"}')
    with pytest.raises(ValueError, match="another"):
        face_runs.load(tmp_path / "b")


def test_of_several_runs_the_mean_is_exported(rng: np.random.Generator, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow, which trains, has no wheels for this Python")
    from emotion.training import export_face, face_runs

    runs = [[rng.random((3, 2), np.float32), 1e6 * rng.random(4, np.float32)] for _ in range(2)]
    for name, weights in zip("ab", runs, strict=True):
        face_runs.save(tmp_path / name, "served", weights, {})
    made = export_face.mean_weights([tmp_path / "a", tmp_path / "b"])
    for w, a, b in zip(made, *runs, strict=True):
        np.testing.assert_allclose(w, (a + b) / 2, rtol=1e-3)


def test_teachers_of_any_width_answer_for_the_pictures_that_are_learnt_from(
    start: list[Convolution], rng: np.random.Generator
) -> None:
    """Every other one sees the mirror image."""
    from emotion.training import face_network, train_face

    side, teachers = face_network.SIDE, []
    x = rng.random((4, side, side, 1), np.float32)
    for widths in (SMALL, [10 + 3 * i for i in range(14)]):
        plain = face_network.build(widths)
        face_network.give(plain, by_chance(widths, rng))
        plain.weights[-2].assign(rng.normal(0, 1, plain.weights[-2].shape).astype(np.float32))
        teachers.append(face_network.start_from(plain, x))
    plan = train_face.Plan(teacher=0.5, batch_size=4)
    learner = train_face.Learner(face_network.build_for_training(SMALL), pictures(rng, 16), plan, teachers)

    def said(model: object, seen: np.ndarray) -> np.ndarray:
        logits = train_face.predict_enlarged(model, seen)
        parts = np.split(np.exp(logits), [8], axis=1)
        return np.concatenate([p / p.sum(axis=1, keepdims=True) for p in parts], axis=1)

    expected = (said(teachers[0], x) + said(teachers[1], x[:, :, ::-1])) / 2
    assert np.ptp(expected, axis=0).max() > 1e-3, "the answers differ from face to face"
    np.testing.assert_allclose(learner.taught(x).numpy(), expected, atol=1e-4)
    assert not any(v is w for t in teachers for v in t.weights for w in learner.trainable_variables)


def test_rare_classes_come_oftener_and_are_answered_as_rarely(rng: np.random.Generator) -> None:
    """Of pictures that cannot be told apart, the loss is least where the answer is how often each class there is."""
    pytest.importorskip("keras", reason="TensorFlow, which trains, has no wheels for this Python")
    from emotion.training import train_face

    there = np.r_[np.full(80, 0), np.full(15, 1), np.full(5, 5)]
    faces = face_data.Faces(np.zeros((100, 48, 48), np.uint8), np.eye(8, dtype=np.float32)[there], np.zeros(100, "u1"))
    plan = train_face.Plan(decided=0.0)
    weights, wanted = train_face.often(faces, 1.0), train_face.targets(faces, plan)
    assert [weights[there == k].sum() for k in (0, 1, 5)] == pytest.approx([100 / 3] * 3, rel=1e-3)
    drawn = rng.choice(100, 30_000, p=weights / weights.sum())
    tilt = train_face.tilt(wanted, weights)[[0, 1, 5]]

    def loss(shares: Sequence[float]) -> float:
        logits = np.tile(np.log(np.array(shares, np.float32)), (len(drawn), 1))
        return float(train_face.loss(logits, wanted[drawn][:, [0, 1, 5]], tilt))

    assert loss((0.8, 0.15, 0.05)) < min(loss((0.7, 0.2, 0.1)), loss((0.85, 0.12, 0.03)), loss((1 / 3, 1 / 3, 1 / 3)))


def test_targets_are_votes_leaning_to_what_most_said() -> None:
    pytest.importorskip("keras", reason="TensorFlow, which trains, has no wheels for this Python")
    from emotion.training import train_face

    votes = np.array([[0.5, 0.5, 0, 0, 0, 0, 0, 0], [0, 0, 0.2, 0.8, 0, 0, 0, 0]], np.float32)
    faces = face_data.Faces(np.zeros((2, 48, 48), np.uint8), votes, np.array([3, 6], np.uint8))
    learnt = train_face.targets(faces, train_face.Plan(decided=0.2, smooth=0.07))
    np.testing.assert_allclose(learnt[:, :4], [[0.6, 0.4, 0, 0], [0, 0, 0.16, 0.84]], atol=1e-6)
    assert learnt[:, 8:].argmax(axis=1).tolist() == [3, 6]
    np.testing.assert_allclose(learnt[0, 8:], [0.01] * 3 + [0.94] + [0.01] * 3, atol=1e-6)


def test_faces_are_changed_and_stay_faces(rng: np.random.Generator) -> None:
    pytest.importorskip("keras", reason="TensorFlow, which trains, has no wheels for this Python")
    from emotion.training import face_augment, face_network

    blobs = np.kron(rng.random((8, 6, 6)), np.ones((8, 8))).astype(np.float32)
    votes = np.eye(8, dtype=np.float32)
    changes = face_augment.Changes(face_augment.Strength(mixup=0.5, cutmix=0.5), 7)
    x, y = (np.asarray(v) for v in changes(blobs, votes, np.zeros(8, np.float32)))
    assert x.shape == (8, face_network.SIDE, face_network.SIDE, 1) and x.min() >= 0 and x.max() <= 1
    np.testing.assert_allclose(y.sum(axis=1), 1, atol=1e-5)
    assert (y.max(axis=1) < 1).any(), "some are mixed"
    _, y = changes(blobs, votes, np.ones(8, np.float32))
    np.testing.assert_allclose(y, votes, atol=1e-6)  # mild ones are not

    at = np.broadcast_to(
        (np.arange(face_network.SIDE, dtype=np.float32) + 0.5) * 48 / face_network.SIDE - 0.5, (8, 1, 160)
    )
    seen = np.asarray(
        changes.sampled(blobs, np.transpose(at, (0, 2, 1)) + 0 * at, at + 0 * np.transpose(at, (0, 2, 1)))
    )
    served = np.asarray(face_network.enlarged(blobs[..., None]))[..., 0]
    np.testing.assert_allclose(seen[:, 3:-3, 3:-3], served[:, 3:-3, 3:-3], atol=1e-4)
    rows = face_augment.coarser()
    np.testing.assert_allclose(rows.sum(axis=2), 1, atol=1e-5)  # a plain wall stays as bright
    assert all(np.linalg.matrix_rank(r, tol=1e-3) < 48 for r in rows[:66]), "detail is lost"


def posed_faces(people: int) -> face_data.Posed:
    labels = np.tile(np.arange(6), people)
    subjects = np.repeat([f"p{i:02}" for i in range(people)], 6)
    return face_data.Posed(np.zeros((len(labels), 48, 48), np.uint8), labels, subjects)


def judged(right: np.ndarray, accuracy: float, fear: float = 1.0) -> face_answer.Judged:
    """An answer that gets the posed faces right where told, and says neutral to the others."""
    labels = np.tile(np.arange(6), len(right) // 6)
    probs = np.eye(7)[np.where(right, labels, 6)]
    return face_answer.Judged(face_answer.Answer(1.0, 0.5, 0.0, 0.0, fear), accuracy, accuracy, accuracy, probs)


def test_an_answer_takes_priors_out_and_leaves_contempt() -> None:
    """Two classes as likely by the voters: the rarer one gains what the priors differ by; contempt stays behind."""
    priors = np.array([0.4, 0.2, 0.1, 0.1, 0.1, 0.01, 0.05, 0.04])
    logits = np.zeros((1, 8))
    plain = face_answer.Answer(1.0, 0.0, 0.0, 0.0, 0.0).probabilities(logits, priors)[0]
    out = face_answer.Answer(1.0, 1.0, 0.0, 0.0, 0.0).probabilities(logits, priors)[0]
    assert plain == pytest.approx(1 / 8)
    assert out[:7] / out[0] == pytest.approx(priors[0] / priors[:7])
    assert out[7] / out[0] == pytest.approx(priors[0])
    moved = face_answer.Answer(1.0, 0.0, 0.5, -0.5, 1.5).probabilities(logits, priors)[0]
    names = dict(zip(face_data.FERPLUS, moved / moved[0], strict=True))
    assert [names[n] for n in ("anger", "sadness", "fear")] == pytest.approx(np.exp([0.5, -0.5, 1.5]))
    softer = face_answer.Answer(1.0, 0.0, 0.5, -0.5, 1.5, temperature=2.0).probabilities(logits, priors)[0]
    assert softer.max() < moved.max() and softer.argmax() == moved.argmax()


def test_what_spoils_the_voters_answers_is_not_chosen() -> None:
    posed = posed_faces(10)
    everything, half = np.ones(60, bool), np.arange(60) % 2 == 0
    spoils, keeps = judged(everything, 0.8, 1.5), judged(half, 0.9)
    assert face_answer.choose([spoils, keeps], posed) is keeps
    assert face_answer.recalls(spoils.posed, posed.labels) == (1.0, 1.0)
    with pytest.raises(ValueError):
        face_answer.choose([spoils], posed)


def test_nobody_is_judged_by_an_answer_chosen_on_their_own_faces() -> None:
    """One answer is right for a single person only: on that person's own faces it never counts."""
    posed = posed_faces(10)
    one = posed.subjects == "p03"
    general, private = judged(~one, 0.9), judged(one, 0.9)
    assert face_answer.choose([general, private], posed, one) is private
    without = face_answer.chosen_without([general, private], posed)
    assert (without.argmax(axis=1) == posed.labels)[~one].all()
    assert not (without.argmax(axis=1) == posed.labels)[one].any()


@pytest.mark.data
def test_the_posed_faces_are_as_they_are_said_to_be(data: Path) -> None:
    posed = face_data.load_posed(data)
    assert len(posed.images) == 561 and len(np.unique(posed.subjects)) == 60
    assert np.bincount(posed.labels).tolist() == [81, 102, 48, 120, 57, 153]


def test_an_exported_network_comes_back_as_it_was(start: list[Convolution], tmp_path: Path) -> None:
    import onnx

    from emotion.training import export_face, face_network, face_stored

    network = face_network.build(face_network.WIDTHS)
    face_network.give(network, start)
    some = np.random.default_rng(5)
    network.get_layer("logits").set_weights([some.normal(0, 0.1, (800, 15)), some.normal(0, 0.1, 15)])
    answer = face_answer.Answer(1.15, 0.75, 0.5, -0.5, 1.5)
    proto = export_face.graph(network, (1.0, 1.0), answer, np.full(8, 1 / 8), np.eye(8)[:, :7])
    onnx.save(proto, str(tmp_path / "face.onnx"))
    again = face_stored.read(tmp_path / "face.onnx")
    for mine, theirs in zip(network.weights, again.weights, strict=True):
        assert np.abs(np.asarray(mine) - np.asarray(theirs)).max() <= 2e-3 * max(1.0, float(np.abs(mine).max()))
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "empty", [], [])), str(tmp_path / "other.onnx"))
    with pytest.raises((ValueError, IndexError)):
        face_stored.read(tmp_path / "other.onnx")


def test_measures_with_known_answers() -> None:
    truth, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert face_measures.uar(predicted, truth, 3) == pytest.approx((2 / 3 + 1) / 2)
    assert face_measures.macro_f1(predicted, truth, 3) == pytest.approx((4 / 5 + 2 / 3) / 2)
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3
    assert face_measures.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert face_measures.wilson(0, 0) == (0.0, 1.0)
    sure = np.array([[0.8, 0.2]] * 5)
    assert face_measures.ece(sure, np.array([0, 0, 0, 0, 1])) == pytest.approx(0)
    assert face_measures.ece(sure, np.ones(5, np.int64)) == pytest.approx(0.8)
    probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    assert face_measures.threshold_for(probs, np.array([0, 0, 0, 1]), 1.0) == 0.7
    assert face_measures.threshold_for(probs, np.array([1, 1, 1, 1]), 0.9) == 1.0


def test_a_temperature_undoes_too_sharp_logits(rng: np.random.Generator) -> None:
    logits = rng.normal(0, 2, (4000, 4))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = (probs.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)
    assert face_measures.fit_temperature(2 * logits, np.eye(4)[drawn]) == pytest.approx(2, abs=0.15)


def test_the_card_says_what_the_metrics_say(tmp_path: Path) -> None:
    for name in ("MODEL_CARD.md", "metrics.json"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    face_card.write(tmp_path)
    assert (tmp_path / "MODEL_CARD.md").read_text("utf-8") == (FOLDER / "MODEL_CARD.md").read_text("utf-8")
