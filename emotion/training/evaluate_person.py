"""Measure how well one person's faces are told from another's: ``python -m emotion.training.evaluate_person``.

    python -m emotion.training.evaluate_person face_recognition-1.3.0.tar.gz insightface-2.1.tar.gz \\
        vladmandic-face-api-1.7.15.tgz

Pictures of known people from packages (PyPI's and npm's; ``pip download --no-binary`` and ``npm pack`` bring them) and
from the test clips. Writes ``metrics.json`` beside the weights. ``same`` are pairs of different photographs, or scenes,
of one person; ``changed`` is each face against itself turned, mirrored, at another size, in another light; ``other``
are pairs of two people, both in one picture or known to be different. ``posed`` are small grey faces of 60 people with
strong expressions, the hardest case of a clip: single ones, and means of three, as stretches of film are compared.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tarfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion.face.detect import CenterFace
from emotion.face.features import crop
from emotion.face.person import FOLDER, HERE, LINKED, OTHER, SAME, Embeddings, PersonEncoder
from emotion.media.container import opened
from emotion.training import detector_cases, face_data
from emotion.weights import models_dir

Image = npt.NDArray[np.uint8]

KNOWN: Final = {
    "tests/test_images/obama.jpg": "Obama",
    "tests/test_images/obama2.jpg": "Obama",
    "tests/test_images/obama3.jpg": "Obama",
    "tests/test_images/biden.jpg": "Biden",
    "data/images/Tom_Hanks_54745.png": "Hanks",
}
GROUPS: Final = ("data/images/t1.jpg", *(f"demo/sample{i}.jpg" for i in range(1, 7)))
"""Pictures of several people, each another one; across these pictures they may be the same."""
SCENES: Final = {"01-01-01-01-01-01-01.mp4": (0.5, 3.0), "bbaf2n.mpg": (0.3, 2.5), "lrwp9a.mpg": (0.3, 2.5)}
SINGER: Final = (1.0, 3.86, 4.86, 5.86, 6.86)
CHANGES: Final = 8


@dataclass(frozen=True)
class Face:
    person: str
    picture: str
    crop: Image


def gather(packages: Sequence[Path], clips: Path) -> Iterator[Face]:
    finder = CenterFace(threads=1)

    def largest(rgb: Image, most: int) -> list[Image]:
        found = sorted(finder.detect(rgb), key=lambda d: -d.box.area)[:most]
        return [crop(rgb, d) for d in found]

    for package in packages:
        with tarfile.open(package) as archive:
            for name in archive.getnames():
                known = next((p for end, p in KNOWN.items() if name.endswith(end)), None)
                if known is None and not name.endswith(GROUPS):
                    continue
                member = archive.extractfile(name)
                assert member is not None
                for i, face in enumerate(largest(decoded(member.read()), 1 if known else 9)):
                    yield Face(known or f"{name} {i}", name, face)
    for picture in detector_cases.PORTRAITS:
        yield from (Face(picture.stem, picture.stem, c) for c in largest(decoded(picture.read_bytes()), 1))
    for name, moments in {**SCENES, detector_cases.STAGE: SINGER}.items():
        for moment in moments:
            yield from (Face(name, f"{name} {moment}", c) for c in largest(still(clips / name, moment), 1))


def decoded(file: bytes) -> Image:
    bgr = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    return np.ascontiguousarray(bgr[:, :, ::-1], np.uint8)


def still(path: Path, time_s: float) -> Image:
    with opened(path, path.name) as clip:
        for frame in clip.decode(video=0):
            if frame.time is not None and frame.time >= time_s:
                return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    raise ValueError(f"{path.name} is shorter than {time_s} s")


def changed(face: Image, rng: np.random.Generator) -> Image:
    """Turned by up to 20 degrees, mirrored half of the time, 32 to 100 pixels large, lighter or darker, tinted."""
    n = face.shape[0]
    view = np.ascontiguousarray(face[:, ::-1] if rng.random() < 0.5 else face)
    matrix = cv2.getRotationMatrix2D((n / 2, n / 2), rng.uniform(-20, 20), rng.uniform(0.85, 1.15))
    matrix[:, 2] += rng.uniform(-0.06, 0.06, 2) * n
    view = cv2.warpAffine(view, matrix, (n, n), borderMode=cv2.BORDER_REPLICATE)
    side = int(rng.uniform(32, 100))
    view = cv2.resize(cv2.resize(view, (side, side), interpolation=cv2.INTER_AREA), (n, n))
    light = (view / 255.0) ** np.exp(rng.uniform(-0.5, 0.5)) * rng.uniform(0.7, 1.2, 3)
    return (np.clip(light, 0, 1) * 255).astype(np.uint8)


def measure(faces: Sequence[Face], encoder: PersonEncoder) -> dict[str, Any]:
    rng = np.random.default_rng(11)
    vectors = encoder.embed([f.crop for f in faces])
    variants = [encoder.embed([changed(f.crop, rng) for _ in range(CHANGES)]) for f in faces]
    same, other = [], []
    for (i, a), (j, b) in itertools.combinations(enumerate(faces), 2):
        alike = float(vectors[i] @ vectors[j])
        if a.person == b.person:
            same.append(alike)
        elif a.picture == b.picture or not (a.picture.endswith(GROUPS) and b.picture.endswith(GROUPS)):
            other.append(alike)
    return {
        "faces": len(faces),
        "people": len({f.person for f in faces}),
        "same": spread(same),
        "changed": spread([float(v @ w) for v, many in zip(vectors, variants, strict=True) for w in many]),
        "other": spread(other),
        "threshold_linked": LINKED,
        "threshold_same": SAME,
        "threshold_here": HERE,
        "threshold_other": OTHER,
    }


def posed(folder: Path, encoder: PersonEncoder) -> dict[str, Any]:
    """The posed faces of 48 x 48: pairs of single faces, and of means of three others of the person."""
    with np.load(folder / "face" / "posed_validation.npz") as stored:
        images, subjects = stored["images"], stored["subjects"]
    grey = [np.repeat(image[..., None], 3, axis=2) for image in images]
    vectors = np.concatenate([encoder.embed(grey[i : i + 32]) for i in range(0, len(grey), 32)])
    rng = np.random.default_rng(11)
    halves = [rng.permutation(np.flatnonzero(subjects == s))[:6] for s in np.unique(subjects)]
    means = np.concatenate([[vectors[h[:3]].sum(axis=0), vectors[h[3:]].sum(axis=0)] for h in halves if len(h) == 6])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return {
        "faces": len(images),
        "people": len(np.unique(subjects)),
        **pairs(vectors, subjects, ""),
        **pairs(means, np.repeat(np.arange(len(means) // 2), 2), "_of_means"),
    }


def pairs(vectors: Embeddings, people: npt.NDArray[Any], suffix: str) -> dict[str, Any]:
    """How alike all pairs of one person are, and all of two."""
    alike, one = vectors @ vectors.T, people[:, None] == people
    upper = np.triu(np.ones_like(one), 1)
    return {f"same{suffix}": spread(alike[one & upper]), f"other{suffix}": spread(alike[~one & upper])}


def spread(alike: Sequence[float] | npt.NDArray[np.float32]) -> dict[str, float]:
    values = np.array(alike)
    points = {f"p{p}": round(float(np.percentile(values, p)), 3) for p in (1, 5, 50, 95, 99)}
    shares = {
        "at_least_linked": round(float((values >= LINKED).mean()), 4),
        "at_least_same": round(float((values >= SAME).mean()), 4),
        "below_here": round(float((values < HERE).mean()), 4),
        "below_other": round(float((values < OTHER).mean()), 4),
    }
    return {"n": len(values), **points, **shares}


def face_ms(encoder: PersonEncoder, face: Image, times: int = 30) -> float:
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        encoder.embed([face])
        taken.append(time.perf_counter() - begin)
    return round(min(taken) * 1e3, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=Path, nargs="+")
    parser.add_argument("--data")
    a = parser.parse_args()
    encoder = PersonEncoder()
    faces = list(gather(a.packages, face_data.data_dir(a.data) / "video"))
    metrics = {
        "command": f"python -m emotion.training.evaluate_person {' '.join(p.name for p in a.packages)}",
        **measure(faces, encoder),
        "posed": posed(face_data.data_dir(a.data), encoder),
        "ms_a_face": face_ms(encoder, faces[0].crop),
    }
    path = models_dir() / FOLDER / "metrics.json"
    path.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(metrics, indent=1))


if __name__ == "__main__":
    main()
