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


def by_chance(widths: Sequence[int], rng: np.random.Generator) -> list[Convolution]:
    from emotion.training import face_network

    shapes = [tuple(v.shape) for v in face_network.build(widths).weights[:-4]]
    fans = [s[0] * s[1] * (1 if s[-1] == 1 else s[2]) if len(s) == 4 else 400 for s in shapes]
    arrays = [rng.normal(0, np.sqrt(2 / n), s).astype(np.float32) for s, n in zip(shapes, fans, strict=True)]
    return [Convolution(k, b) for k, b in zip(arrays[::2], arrays[1::2], strict=True)]


def leave(run: Path, weights: Sequence[np.ndarray]) -> None:
    """The weights as a run leaves them."""
    run.mkdir()
    np.savez(run / "averaged.npz", allow_pickle=False, **{f"w{i}": w for i, w in enumerate(weights)})


def test_what_learns_computes_what_it_starts_from_and_what_is_served(
    start: list[Convolution], rng: np.random.Generator
) -> None:
    """Normalisation put back and folded again changes no answer; the first convolutions do not learn."""
    from emotion.training import face_network

    faces = rng.random((8, face_network.SIDE, face_network.SIDE, 1), np.float32)
    learning, plain = face_network.start_from(start, faces), face_network.build()
    face_network.give(plain, start)
    assert face_network.widths_of([c.kernel for c in start]) == list(face_network.WIDTHS)
    head = [rng.normal(0, 1, v.shape).astype(np.float32) for v in plain.weights[-4:]]
    for network in (plain, learning):
        for v, w in zip(network.weights[-4:], head, strict=True):
            v.assign(w)
    served = face_network.folded([v.numpy() for v in learning.weights])
    expected = plain(faces, training=False).numpy()
    spread = float(np.abs(expected - expected.mean(axis=0)).max())
    assert spread > 1e-3, "the answers differ from face to face"
    np.testing.assert_allclose(learning(faces, training=False).numpy(), expected, atol=0.01 * spread)
    np.testing.assert_allclose(served(faces, training=False).numpy(), expected, atol=0.01 * spread)
    still = len(learning.weights) - len(learning.trainable_variables)
    assert still == 2 * face_network.FIXED + 2 * (len(start) - face_network.FIXED), "moments and first convolutions"


def test_a_step_comes_back_from_uphill(start: list[Convolution], rng: np.random.Generator) -> None:
    from emotion.training import face_network, train_face
    from emotion.training.face_augment import Batch

    side, n = face_network.SIDE, 16
    faces = rng.random((n, side, side, 1), np.float32)
    batch = Batch(faces, np.eye(8, dtype=np.float32)[np.arange(n) % 8], np.eye(7, dtype=np.float32)[np.arange(n) % 7])
    trainer = train_face.Trainer(train_face.Plan(batch_size=n, peak_lr=0.0, uphill_from=0.0), start, faces)
    before = [v.numpy() for v in trainer.model.trainable_variables]
    trainer.step(batch, 0.5)
    for v, w in zip(trainer.model.trainable_variables, before, strict=True):
        np.testing.assert_allclose(v.numpy(), w, atol=1e-5)
    trainer.plan = train_face.Plan(batch_size=n, uphill_from=0.0)
    trainer.step(batch, 0.5)
    moved = [float(np.abs(v.numpy() - w).max()) for v, w in zip(trainer.model.trainable_variables, before, strict=True)]
    assert max(moved) > 1e-4


def test_a_run_goes_on_from_an_earlier_ones_weights(
    start: list[Convolution], rng: np.random.Generator, tmp_path: Path
) -> None:
    from emotion.training import face_network, train_face

    faces = rng.random((8, face_network.SIDE, face_network.SIDE, 1), np.float32)
    earlier, later = (train_face.Trainer(train_face.Plan(), start, faces) for _ in range(2))
    for v in earlier.average:
        v.assign_add(rng.normal(0, 0.1, v.numpy().shape).astype(np.float32))
    train_face._save(tmp_path, earlier)
    later.go_on_from(train_face.load_weights(tmp_path / "averaged.npz"))
    for group in (later.model.weights, later.average):
        for v, w in zip(group, earlier.average, strict=True):
            np.testing.assert_array_equal(v.numpy(), w.numpy())


def test_of_several_runs_the_mean_is_exported(rng: np.random.Generator, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow, which trains, has no wheels for this Python")
    from emotion.training import export_face

    runs = [[rng.random((3, 2), np.float32), rng.random(4, np.float32)] for _ in range(2)]
    for name, weights in zip("ab", runs, strict=True):
        leave(tmp_path / name, weights)
    made = export_face.mean_weights([tmp_path / "a", tmp_path / "b"])
    for w, a, b in zip(made, *runs, strict=True):
        np.testing.assert_allclose(w, (a + b) / 2, atol=1e-6)


def test_teachers_of_any_width_answer_for_the_pictures_that_are_learnt_from(
    start: list[Convolution], rng: np.random.Generator, tmp_path: Path
) -> None:
    """They are read from their weights alone; every other one sees the mirror image."""
    from emotion.training import face_network, train_face
    from emotion.training.face_augment import Batch

    side, n, teachers = face_network.SIDE, 4, []
    faces = rng.random((n, side, side, 1), np.float32)
    for name, widths in (("narrow", [8 + 2 * i for i in range(14)]), ("wide", [10 + 3 * i for i in range(14)])):
        network = face_network.start_from(by_chance(widths, rng), faces)
        network.weights[-2].assign(rng.normal(0, 1, network.weights[-2].shape).astype(np.float32))
        leave(tmp_path / name, [v.numpy() for v in network.weights])
        teachers.append(network)
    narrow, wide = (
        m(x, training=False).numpy()[:, :8] for m, x in zip(teachers, (faces, faces[:, :, ::-1]), strict=True)
    )
    said = np.mean([np.exp(y) / np.exp(y).sum(axis=1, keepdims=True) for y in (narrow, wide)], axis=0)
    assert np.ptp(said, axis=0).max() > 1e-3, "the answers differ from face to face"

    plan = train_face.Plan(teacher=0.5)
    trainer = train_face.Trainer(plan, start, faces, train_face.load_runs([tmp_path / "narrow", tmp_path / "wide"]))
    batch = Batch(faces, np.eye(8, dtype=np.float32)[:n], np.eye(7, dtype=np.float32)[:n])
    np.testing.assert_allclose(trainer.votes(batch).numpy(), 0.5 * batch.votes + 0.5 * said, atol=1e-4)


def test_channels_that_others_stand_for_go_and_nothing_else_changes(rng: np.random.Generator) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow, which trains, has no wheels for this Python")
    import tensorflow as tf

    from emotion.training import face_narrow

    def convolution(*shape: int) -> Convolution:
        return Convolution(rng.normal(0, 0.6, shape).astype(np.float32), rng.normal(0.5, 0.2, shape[-1:]).astype("f4"))

    first, depthwise, pointwise = convolution(3, 3, 1, 6), convolution(3, 3, 6, 1), convolution(1, 1, 6, 5)
    depthwise = Convolution(depthwise.kernel, rng.normal(0.5, 0.2, 6).astype(np.float32))
    twins = [0, 1, 2, 3, 4, 5, 3, 0, 5]
    halved = pointwise.kernel[:, :, twins] / np.bincount(twins)[twins][:, None]
    split = Convolution(halved.astype(np.float32), pointwise.bias)
    wide = [
        Convolution(first.kernel[..., twins], first.bias[twins]),
        Convolution(depthwise.kernel[:, :, twins], depthwise.bias[twins]),
        split,
    ]
    faces = rng.normal(0, 1, (40, 16, 16, 1)).astype(np.float32)

    def computed(first: Convolution, depthwise: Convolution, pointwise: Convolution) -> np.ndarray:
        x = tf.nn.relu6(tf.nn.conv2d(faces, first.kernel, 2, "SAME") + first.bias)
        x = tf.nn.relu6(tf.nn.depthwise_conv2d(x, depthwise.kernel, [1, 1, 1, 1], "SAME") + depthwise.bias)
        return tf.nn.relu6(tf.nn.conv2d(x, pointwise.kernel, 1, "SAME") + pointwise.bias).numpy()

    made = face_narrow.narrowed(wide, [1], [6, 5], faces, seed=0)
    assert [c.kernel.shape for c in made] == [(3, 3, 1, 6), (3, 3, 6, 1), (1, 1, 6, 5)]
    answers = [computed(*c) for c in (wide, made)]
    assert answers[0].std() > 0.1
    np.testing.assert_allclose(answers[1], answers[0], atol=0.02)


def test_the_columns_kept_are_the_ones_that_tell() -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow, which trains, has no wheels for this Python")
    from emotion.training import face_narrow

    x = np.random.default_rng(3).normal(0, 1, (500, 6)).astype(np.float32)
    y = x[:, [1, 4]] @ np.array([[1.0, 2.0], [-1.0, 0.5]], np.float32)
    assert face_narrow.fewest_missed(x, y, 2).tolist() == [1, 4]


def test_targets_are_votes_leaning_to_what_most_said() -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow, which trains, has no wheels for this Python")
    from emotion.training import train_face

    votes = np.array([[0.5, 0.5, 0, 0, 0, 0, 0, 0], [0, 0, 0.2, 0.8, 0, 0, 0, 0]], np.float32)
    faces = face_data.Faces(np.zeros((2, 48, 48), np.uint8), votes, np.zeros(2, np.uint8))
    learnt = train_face.targets(faces, train_face.Plan(decided=0.2)).votes
    np.testing.assert_allclose(learnt[:, :4], [[0.6, 0.4, 0, 0], [0, 0, 0.16, 0.84]], atol=1e-6)


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
