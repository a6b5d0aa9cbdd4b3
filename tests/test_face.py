"""Faces are found, cut out, read and not invented: on real pictures, odd ones, and through DeepFace."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from emotion import errors, weights
from emotion.face import features, infer, model
from emotion.face.detect import CenterFace, Detection, decode, suppress
from emotion.face.explain import occlusion, overlay
from emotion.face.infer import FaceReader, build_detector, build_reader, readability
from emotion.face.mouth import MouthReader
from emotion.labels import EMOTIONS
from emotion.media import read_frames
from emotion.timeline import Box

ASTRONAUT = Box(181, 66, 85, 113)


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    return build_reader("batch")


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return skimage.data.astronaut()


def level(rgb: np.ndarray, deg: float) -> np.ndarray:
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((223, 122), deg, 1.0)
    return cv2.warpAffine(rgb, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def test_a_smiling_face_is_found_and_read_as_happy(reader: FaceReader, astronaut: np.ndarray) -> None:
    (sighting,) = reader.read(astronaut, 1.5)
    assert sighting.box.iou(ASTRONAUT) > 0.7
    assert sighting.confidence > 0.8
    assert sighting.scores.label == "happy"
    assert sighting.scores.confidence > 0.6
    assert sighting.scores["calm"] == 0
    assert sighting.time_s == 1.5
    assert sighting.weight > 0.8
    assert sighting.crop is not None and sighting.crop.shape[0] == sighting.crop.shape[1] <= features.CROP_SIDE


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "coins", "page", "text", "brick", "grass", "moon"])
def test_no_face_is_seen_where_there_is_none(reader: FaceReader, name: str) -> None:
    rgb = getattr(skimage.data, "cat" if name == "chelsea" else name)()
    rgb = rgb if rgb.ndim == 3 else np.repeat(rgb[..., None], 3, axis=2)
    assert reader.read(rgb) == []


@pytest.mark.parametrize("shape", [(0, 0, 3), (1, 1, 3), (5, 300, 3), (48, 48, 3), (360, 640, 3)])
@pytest.mark.parametrize("level", [0, 127, 255])
def test_blank_and_tiny_pictures_show_no_face(reader: FaceReader, shape: tuple[int, ...], level: int) -> None:
    assert reader.read(np.full(shape, level, np.uint8)) == []


@pytest.mark.parametrize(
    ("change", "iou"),
    [
        (lambda p: (p * 0.2).astype(np.uint8), 0.6),
        (lambda p: cv2.GaussianBlur(p, (0, 0), 4), 0.5),
        (lambda p: level(p, 25), 0.5),
        (lambda p: np.repeat(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2), 0.6),
    ],
    ids=["dark", "blurred", "turned by 25 degrees", "grey"],
)
def test_a_face_is_found_in_bad_light_out_of_focus_and_aslant(astronaut: np.ndarray, change, iou: float) -> None:
    (found,) = CenterFace().detect(change(astronaut))
    assert found.box.iou(ASTRONAUT) > iou


def test_a_small_face_in_a_large_picture_is_found(astronaut: np.ndarray) -> None:
    large = np.full((1500, 2000, 3), 90, np.uint8)
    large[300:641, 700:1041] = cv2.resize(astronaut, (341, 341), interpolation=cv2.INTER_AREA)
    (found,) = CenterFace().detect(large)
    assert found.box.iou(Box(700 + 181 / 1.5, 300 + 66 / 1.5, 85 / 1.5, 113 / 1.5)) > 0.5


def test_eyes_are_level_in_the_crop(astronaut: np.ndarray) -> None:
    finder = CenterFace()
    turned = level(astronaut, -25)
    found = finder.detect(turned)[0]
    assert found.roll_deg > 15
    (cut,) = finder.detect(features.crop(turned, found))
    assert abs(cut.roll_deg) < 8


def test_crops_keep_their_shape_at_the_edge_and_at_any_size(astronaut: np.ndarray) -> None:
    for box in (Box(-40, -30, 80, 100), Box(480, 490, 60, 80), Box(10, 10, 4, 5), Box(0, 0, 500, 500)):
        crop = features.crop(astronaut, Detection(box, 0.9))
        assert crop.dtype == np.uint8
        assert 16 <= crop.shape[0] == crop.shape[1] <= features.CROP_SIDE


def test_large_faces_are_averaged_not_sampled() -> None:
    """A fine chequered pattern becomes even grey, as it does when FER2013's pictures were scaled down."""
    board = ((np.indices((600, 600)).sum(axis=0) % 2) * 255).astype(np.uint8)
    crop = features.crop(np.repeat(board[..., None], 3, axis=2), Detection(Box(100, 100, 400, 470), 0.9))
    assert crop[20:-20, 20:-20].std() < 6


def test_what_the_network_reads(rng: np.random.Generator) -> None:
    """48 x 48 grey pictures, as in training, pass unchanged; the rest is scaled; grey and RGB agree."""
    grey = rng.integers(0, 256, (48, 48), dtype=np.uint8)
    x = features.face_input(
        [grey, np.repeat(grey[..., None], 3, axis=2), np.asarray(cv2.resize(grey, (96, 96)), np.uint8), grey[:1, :1]]
    )
    assert x.shape == (4, 48, 48, 1) and x.dtype == np.float32
    assert np.abs(x[0, ..., 0] - grey / 255).max() < 1e-6
    assert np.abs(x[1] - x[0]).max() < 1e-6
    assert x.min() >= 0 and x.max() <= 1
    assert features.face_input([]).shape == (0, 48, 48, 1)


def test_probabilities_are_distributions_however_many_faces_are_read_at_once(
    reader: FaceReader, rng: np.random.Generator
) -> None:
    network = reader.network
    assert isinstance(network, model.FaceNetwork)
    x = rng.random((40, 48, 48, 1), np.float32)
    seven, eight = network.predict_both(x)
    assert seven.shape == (40, 7) and eight.shape == (40, 8)
    assert np.abs(seven.sum(axis=1) - 1).max() < 1e-5
    assert np.abs(network.predict_fer2013(x).sum(axis=1) - 1).max() < 1e-5
    assert network.predict(x[:0]).shape == (0, 7)
    assert np.abs(np.concatenate([network.predict(x[i : i + 1]) for i in range(5)]) - seven[:5]).max() < 1e-4


def test_a_crop_is_read_as_it_is_and_a_loose_one_is_cut_anew(reader: FaceReader, astronaut: np.ndarray) -> None:
    (sighting,) = reader.read(astronaut)
    assert sighting.crop is not None
    loose = astronaut[0:300, 80:380]
    for scores in reader.read_crops([sighting.crop, loose]):
        assert len(scores.probs) == len(EMOTIONS)
        assert abs(scores["happy"] - sighting.scores["happy"]) < 0.15
    assert reader.read_crops([]) == []


@pytest.mark.parametrize("shape", [(48, 48), (1, 1, 3), (30, 90, 3), (300, 200, 3)])
def test_any_crop_gets_an_answer(reader: FaceReader, shape: tuple[int, ...]) -> None:
    (scores,) = reader.read_crops([np.full(shape, 100, np.uint8)])
    assert math.isclose(sum(scores.probs), 1, abs_tol=1e-6)


def test_small_blurred_dark_and_turned_faces_weigh_less() -> None:
    marks = np.array([[20, 30], [60, 30], [40, 50], [25, 70], [55, 70]], np.float32)
    turned = marks + np.array([[0, 0], [0, 0], [16, 0], [0, 0], [0, 0]], np.float32)
    good = readability(Detection(Box(0, 0, 80, 100), 0.9, marks), 0.4, 0.2)
    assert good == 1
    worse = [
        readability(Detection(Box(0, 0, 24, 30), 0.9, marks * 0.3), 0.4, 0.2),
        readability(Detection(Box(0, 0, 80, 100), 0.9, marks), 0.05, 0.2),
        readability(Detection(Box(0, 0, 80, 100), 0.9, marks), 0.4, 0.02),
        readability(Detection(Box(0, 0, 80, 100), 0.9, turned), 0.4, 0.2),
    ]
    assert all(0 < w < 0.7 for w in worse)


@pytest.fixture(scope="module")
def mouths() -> MouthReader:
    return MouthReader()


def test_an_open_mouth_is_told_from_a_closed_one_at_any_size(mouths: MouthReader, astronaut: np.ndarray) -> None:
    """The astronaut shows her teeth; a dark hole painted over them is a mouth wide open."""
    (found,) = CenterFace().detect(astronaut)
    (smile,) = mouths.open(astronaut, [found])
    assert smile is not None and 0.02 < smile < 0.15
    half = cv2.resize(astronaut, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8)
    (small,) = mouths.open(half, CenterFace().detect(half))
    assert small == pytest.approx(smile, abs=0.03)
    assert found.landmarks is not None
    middle = found.landmarks[3:].mean(axis=0)
    yawn = cv2.ellipse(astronaut.copy(), [int(v) for v in middle], (11, 24), 0, 0, 360, (30, 5, 5), -1).astype(np.uint8)
    (wide,) = mouths.open(yawn, [found])
    assert wide is not None and wide > 1.2 * smile


def test_mouths_are_asked_for_where_there_are_several_faces(reader: FaceReader, astronaut: np.ndarray) -> None:
    (alone,) = reader.read(astronaut)
    assert alone.mouth_open is None
    pair = reader.read(np.hstack([astronaut[:300, 80:380], astronaut[:300, 80:380]]))
    assert len(pair) == 2
    assert all(s.mouth_open is not None and 0.02 < s.mouth_open < 0.15 for s in pair)


def test_no_mouth_is_read_in_tiny_faces_and_things(mouths: MouthReader, astronaut: np.ndarray) -> None:
    coffee = skimage.data.coffee()
    assert mouths.open(coffee, [Detection(Box(100, 100, 120, 120), 0.9)]) == [None]
    assert mouths.open(astronaut, [Detection(Box(200, 100, 12, 14), 0.9)]) == [None]
    assert mouths.open(astronaut, []) == []


@pytest.mark.data
def test_a_speaking_mouth_moves_and_rests_before_and_after(mouths: MouthReader, data: Path) -> None:
    """A read command: silence, speech from 0.4 to 2.3 s, silence."""
    finder = CenterFace()
    seen = {f.time_s: mouths.open(f.rgb, finder.detect(f.rgb))[0] for f in read_frames(data / "video" / "lrwp9a.mpg")}
    assert all(v is not None for v in seen.values())
    speaking = [v for t, v in seen.items() if v is not None and 0.4 <= t <= 2.2]
    at_rest = [v for t, v in seen.items() if v is not None and t > 2.4]
    assert np.std(speaking) > 3 * np.std(at_rest)
    assert max(at_rest) < 0.02 < max(speaking)


def test_overlapping_detections_become_one() -> None:
    faces = [Detection(Box(0, 0, 10, 10), 0.6), Detection(Box(1, 0, 10, 10), 0.9), Detection(Box(30, 0, 10, 10), 0.5)]
    assert [d.confidence for d in suppress(faces, 0.3)] == [0.9, 0.5]


def test_maps_are_decoded_to_boxes_in_the_picture() -> None:
    """One cell above the threshold, log size of 5 cells, at half the picture's scale."""
    maps = [np.zeros((1, c, 8, 8), np.float32) for c in (1, 2, 2, 10)]
    maps[0][0, 0, 3, 4] = 0.8
    maps[1][0, :, 3, 4] = np.log(5)
    maps[3][0, :, 3, 4] = 0.5
    (found,) = decode(maps, 0.5, 0.5, 0.5)
    assert (found.box.x, found.box.y) == pytest.approx(((4.5 * 4 - 10) * 2, (3.5 * 4 - 10) * 2))
    assert found.box.width == pytest.approx(40)
    assert found.landmarks is not None
    assert found.landmarks[0] == pytest.approx([4.5 * 8, 3.5 * 8], abs=1e-4)


def test_deepface_gives_the_same_numbers(
    reader: FaceReader, astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path))
    (ours,), (theirs,) = reader.read(astronaut), build_reader("deepface").read(astronaut)
    assert np.abs(ours.scores.as_array() - theirs.scores.as_array()).max() < 1e-4
    assert list(tmp_path.glob("deepface-*/.deepface/weights/*.onnx"))


def test_a_damaged_copy_in_deepfaces_home_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from emotion.face.deepface_frame import WEIGHTS_NAME, private_home

    monkeypatch.setenv("MOODCUE_CACHE_DIR", str(tmp_path))
    ours = weights.load(model.FOLDER)
    target = private_home(ours) / ".deepface" / "weights" / WEIGHTS_NAME
    target.write_bytes(b"not a network")
    private_home(ours)
    assert target.read_bytes() == ours.path(model.FILE).read_bytes()


def test_deepfaces_own_detector_can_be_chosen(astronaut: np.ndarray) -> None:
    (found,) = build_detector("deepface-opencv").detect(astronaut)
    assert found.box.iou(ASTRONAUT) > 0.5
    assert build_detector("deepface-opencv").detect(skimage.data.coffee()) == []


@pytest.mark.parametrize("name", ["deepface-retinaface", "deepface-dlib", "nonsense"])
def test_a_detector_that_is_missing_says_why(name: str) -> None:
    with pytest.raises(errors.DetectorMissing) as e:
        build_detector(name)
    assert name.removeprefix("deepface-") in str(e.value) and len(str(e.value.values["detail"])) > 10


def test_an_unknown_engine_says_which_there_are() -> None:
    with pytest.raises(errors.EngineMissing, match="deepface-original"):
        build_reader("nonsense")


def test_serving_loads_no_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np\n"
        "from emotion.face.infer import build_reader\n"
        "for engine in ('batch', 'deepface'):\n"
        "    build_reader(engine).read_crops([np.zeros((48, 48, 3), np.uint8)])\n"
        "print([m for m in ('tensorflow', 'keras', 'torch', 'emotion.training') if m in sys.modules])\n"
    )
    env = {"PATH": "/usr/bin:/bin", "MOODCUE_CACHE_DIR": str(tmp_path), "HOME": str(tmp_path)}
    root = Path(infer.__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
    assert not (tmp_path / ".deepface").exists(), "DeepFace wrote into the home directory"


def test_the_weights_say_what_they_are() -> None:
    loaded = weights.load(model.FOLDER)
    assert loaded.path(model.FILE).stat().st_size < 10 * 1024**2
    assert tuple(loaded.config["labels"]) == model.DEEPFACE_LABELS
    assert 0.5 <= loaded.config["threshold"] < 1
    assert sum(loaded.config["contempt_becomes"].values()) == pytest.approx(1, abs=1e-3)
    metrics = json.loads((loaded.folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["weights"] == loaded.config["files"], "the figures are of other weights"
    assert metrics["private"]["ferplus_eight"]["n"] == 3545
    assert metrics["private"]["ferplus_eight_clear"]["n"] == 3265
    assert metrics["private"]["ferplus_eight"]["accuracy"] >= 0.83
    assert metrics["private"]["seven"]["ece"] <= 0.05
    posed = metrics["posed"]
    assert posed["among_six"]["uar"] >= 0.83 and posed["among_all"]["uar"] >= 0.78
    assert posed["of_people_not_chosen_by"]["among_six"] >= 0.83
    assert posed["sure"]["right"] >= 0.75, "sure outside the lab, too"


class BrightMouth:
    """A network that only looks whether the lower middle of the face is bright."""

    used = None

    def predict(self, faces: np.ndarray) -> np.ndarray:
        happy = faces[:, 30:42, 16:32].mean(axis=(1, 2, 3))
        probs = np.full((len(faces), 7), 0.0, np.float32)
        probs[:, 3], probs[:, 6] = happy, 1 - happy
        return probs


def test_the_heat_map_shows_what_was_looked_at(reader: FaceReader, astronaut: np.ndarray) -> None:
    face = np.zeros((48, 48), np.uint8)
    face[30:42, 16:32] = 255
    found = occlusion(BrightMouth(), face)  # type: ignore[arg-type]
    heat = found.heat
    assert found.emotion == "happy" and found.confidence == pytest.approx(1) and found.least < 0.6
    assert heat.shape == (48, 48) and heat.max() == pytest.approx(1)
    assert heat[30:42, 16:32].mean() > 5 * heat[:20].mean()
    crop = reader.read(astronaut)[0].crop
    assert crop is not None
    smile = occlusion(reader.network, crop).heat
    assert smile[28:44, 10:38].mean() > smile[:16].mean(), "a smile is read from the mouth more than from the hair"
    assert overlay(crop, smile).shape == crop.shape
