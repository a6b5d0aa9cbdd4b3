"""What the face's training needs, in few bytes: ``python -m emotion.training.face_parcel --output FILE``.

An accelerator is often lent for minutes, on a machine to which little can be carried. The file holds the pictures that
train and the ones kept out of training, and no others: as sheets of lossless WebP, in 128 greys.
``train_face --parcel`` reads it in place of the data.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from emotion.training import face_data
from emotion.training.face_data import Faces, Split

SPLITS: Final[tuple[Split, ...]] = ("train", "public")
ACROSS: Final = 24
"""Pictures along the side of a sheet."""
SIDE: Final = 48
LOSSLESS: Final = 101


def sheets(images: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
    """Pictures (n, 48, 48) as coded sheets."""
    n = ACROSS * ACROSS
    filled = np.concatenate([images, np.zeros((-len(images) % n, SIDE, SIDE), np.uint8)])
    squares = filled.reshape(-1, ACROSS, ACROSS, SIDE, SIDE).transpose(0, 1, 3, 2, 4)
    flat = squares.reshape(-1, ACROSS * SIDE, ACROSS * SIDE)
    coloured = (cv2.cvtColor(sheet, cv2.COLOR_GRAY2BGR) for sheet in flat)
    return [cv2.imencode(".webp", sheet, [cv2.IMWRITE_WEBP_QUALITY, LOSSLESS])[1] for sheet in coloured]


def pictures(coded: list[npt.NDArray[np.uint8]], n: int) -> npt.NDArray[np.uint8]:
    """The first ``n`` pictures of coded sheets, (n, 48, 48)."""
    flat = np.stack([np.asarray(cv2.imdecode(sheet, cv2.IMREAD_COLOR))[..., 0] for sheet in coded])
    squares = flat.reshape(-1, ACROSS, SIDE, ACROSS, SIDE).transpose(0, 1, 3, 2, 4)
    return squares.reshape(-1, SIDE, SIDE)[:n].astype(np.uint8)


def pack(splits: dict[Split, Faces], output: Path) -> None:
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name in SPLITS:
        faces = splits[name]
        coded = sheets(faces.images & np.uint8(254))
        arrays |= {f"{name}_{i:03}": sheet for i, sheet in enumerate(coded)}
        arrays |= {f"{name}_votes": faces.votes, f"{name}_fer2013": faces.fer2013}
    np.savez(output, allow_pickle=False, **arrays)


def unpack(parcel: Path) -> dict[Split, Faces]:
    """The splits that :func:`pack` left."""
    out: dict[Split, Faces] = {}
    with np.load(parcel) as stored:
        for name in SPLITS:
            votes = stored[f"{name}_votes"]
            coded = [stored[f"{name}_{i:03}"] for i in range(-(-len(votes) // ACROSS**2))]
            out[name] = Faces(pictures(coded, len(votes)), votes, stored[f"{name}_fer2013"])
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--data")
    a = parser.parse_args()
    pack(face_data.load_clean(face_data.data_dir(a.data)), a.output)
    print(a.output, f"{a.output.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
