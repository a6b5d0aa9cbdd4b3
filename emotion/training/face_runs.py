"""What a training run leaves, and what it starts from: weights of the training form, and which network they are of.

    python -m emotion.training.face_runs served FACE --output RUN        the face.onnx of an earlier version
    python -m emotion.training.face_runs wide PACKAGE --output RUN       vladmandic-human-3.3.6.tgz
    python -m emotion.training.face_runs residual PACKAGE --output RUN   vladmandic-face-api-1.7.15.tgz

``served`` is the network of the app. The two others are too slow for it and teach: ``wide`` is the MobileNet that the
served one came from, with all channels; ``residual`` another kind of network, trained on other people's faces. Both
have learnt to tell people apart, and nothing of expressions (``npm pack`` brings the packages).
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, cast

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import numpy.typing as npt

from emotion.training import face_backbone, face_data, face_network, face_residual, face_stored
from emotion.training.tensors import ops

Arrays = list[npt.NDArray[np.float32]]
Kind = Literal["served", "wide", "residual"]

WEIGHTS: Final = "averaged.npz"
PLAN: Final = "plan.json"
BUILD: Final[dict[Kind, Callable[[], keras.Model]]] = {
    "served": face_network.build_for_training,
    "wide": lambda: face_network.build_for_training(face_network.WIDE),
    "residual": face_residual.build_for_training,
}
JUDGED_BY: Final = 128
"""Faces by whose moments batch normalisation is put back."""


def save(run: Path, kind: Kind, weights: Sequence[npt.NDArray[np.floating[Any]]], plan: dict[str, object]) -> None:
    """Leave weights of the training form, in 16 bits where that holds them."""
    run.mkdir(parents=True, exist_ok=True)
    large = np.finfo(np.float16).max
    kinds = [np.float16 if np.abs(w).max(initial=0) < large else np.float32 for w in weights]
    arrays = {f"w{i}": np.asarray(w, kind) for i, (w, kind) in enumerate(zip(weights, kinds, strict=True))}
    np.savez_compressed(run / "part.npz", allow_pickle=False, **arrays)
    (run / "part.npz").replace(run / WEIGHTS)
    (run / PLAN).write_text(json.dumps({"kind": kind} | plan, indent=1) + "\n", encoding="utf-8")


def kind_of(run: Path) -> Kind:
    """Which network a run is of.

    Raises:
        ValueError: none that is known here.
    """
    kind = json.loads((run / PLAN).read_text(encoding="utf-8")).get("kind")
    if kind not in BUILD:
        raise ValueError(f"{run}: the network {kind!r} is not known; there are {', '.join(BUILD)}")
    return cast(Kind, kind)


def weights_of(run: Path) -> Arrays:
    with np.load(run / WEIGHTS) as stored:
        return [stored[f"w{i}"].astype(np.float32) for i in range(len(stored.files))]


def load(run: Path) -> keras.Model:
    """The network that a run left, in its training form."""
    model = BUILD[kind_of(run)]()
    for v, w in zip(model.weights, weights_of(run), strict=True):
        v.assign(w)
    return model


def started(kind: Kind, source: Path, folder: Path) -> keras.Model:
    """The training form of what others have learnt."""
    images = face_data.load_clean(folder)["train"].images[:: 29_000 // JUDGED_BY][:JUDGED_BY]
    faces = ops.convert_to_numpy(face_network.enlarged(images.astype(np.float32)[..., None] / 255))
    if kind == "residual":
        return face_residual.start_from(face_residual.read(source), faces)
    if kind == "served":
        return face_network.start_from(face_stored.read(source), faces)
    plain = face_network.build(face_network.WIDE)
    face_network.give(plain, face_network.for_grey(face_backbone.read(source)))
    return face_network.start_from(plain, faces)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=list(BUILD))
    parser.add_argument("source", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--data", help="folder with face/fer2013.npz (default MOODCUE_DATA or ../shared/data)")
    a = parser.parse_args()
    model = started(a.kind, a.source, face_data.data_dir(a.data))
    save(a.output, a.kind, model.get_weights(), {"source": a.source.name})
    print(a.output, f"{(a.output / WEIGHTS).stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
