"""Makes voice_golden.npz: what Whisper's first blocks say of a fixed sound, computed in plain numpy.

    python -m tests.data.make_voice_golden WHEELS

An independent forward pass straight from the wheels' arrays: no Keras, no onnxruntime, float64.
"""

import sys
from pathlib import Path

import librosa
import numpy as np
from scipy.special import erf

from emotion.training import whisper_encoder

BLOCKS = 4
FRAMES = slice(0, 150, 10)


def sound() -> np.ndarray:
    """Three seconds of gliding harmonics in noise, 16 kHz."""
    t = np.arange(48_000) / 16_000
    rng = np.random.default_rng(3)
    tone = sum(np.sin(2 * np.pi * k * (120 * t + 15 * t**2)) / k for k in range(1, 12))
    return (0.05 * tone * (1 + np.sin(9 * t)) + 0.002 * rng.standard_normal(t.size)).astype(np.float32)


def reference_mel(y: np.ndarray) -> np.ndarray:
    """librosa's own path to Whisper's log-mel, (300, 80)."""
    power = np.abs(librosa.stft(y, n_fft=400, hop_length=160, pad_mode="reflect")) ** 2
    logs = np.log10(np.maximum(librosa.filters.mel(sr=16_000, n_fft=400, n_mels=80) @ power, 1e-10))
    return ((np.maximum(logs, logs.max() - 8) + 4) / 4).T[:300]


def forward(mel: np.ndarray, variables: dict[str, np.ndarray], blocks: int = BLOCKS) -> np.ndarray:
    """Hidden frames after each block side by side, (frames / 2, 512 * blocks)."""
    v = {k: a.astype(np.float64) for k, a in variables.items() if k.startswith("encoder/")}

    def gelu(x):
        return x * (1 + erf(x / np.sqrt(2))) / 2

    def conv(x, name, stride):
        padded = np.pad(x, ((1, 1), (0, 0)))
        taps = [padded[i : i + len(x)][::stride] @ v[f"encoder/{name}/weight"][:, :, i].T for i in range(3)]
        return gelu(sum(taps) + v[f"encoder/{name}/bias"])

    def norm(x, prefix):
        z = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return z * v[f"{prefix}/gamma"] + v[f"{prefix}/beta"]

    def linear(x, prefix):
        return x @ v[f"{prefix}/weight"].T + v[f"{prefix}/bias"]

    x = conv(conv(mel, "conv1", 1), "conv2", 2)
    x = x + v["encoder/position_encodings/encodings"][: len(x)]
    outputs = []
    for i in range(blocks):
        p = f"encoder/layer_{i}"
        q, k, w = np.split(linear(norm(x, f"{p}/self_attention/layer_norm"), f"{p}/self_attention/linear_0"), 3, -1)
        heard = np.empty_like(q)
        for h in range(8):
            part = slice(64 * h, 64 * h + 64)
            scores = q[:, part] @ k[:, part].T / 8
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            heard[:, part] = weights / weights.sum(-1, keepdims=True) @ w[:, part]
        x = x + linear(heard, f"{p}/self_attention/linear_1")
        x = x + linear(gelu(linear(norm(x, f"{p}/ffn/layer_norm"), f"{p}/ffn/linear_0")), f"{p}/ffn/linear_1")
        outputs.append(x)
    return np.concatenate(outputs, axis=-1)


def main() -> None:
    variables = whisper_encoder.read_variables(whisper_encoder.model_bin(Path(sys.argv[1])))
    hidden = forward(reference_mel(sound()), variables)
    kept = hidden[FRAMES].astype(np.float32)
    np.savez_compressed(Path(__file__).with_name("voice_golden.npz"), hidden=kept, deviation=hidden.std(axis=0))
    model = whisper_encoder.build(variables, BLOCKS)
    mel = reference_mel(sound())[None].astype(np.float32)
    built = np.asarray(model([mel, np.ones((1, 300, 1), np.float32)]))[0]
    print(f"Keras and numpy differ by {np.abs(built - hidden).max() / np.abs(hidden).max():.2e} of the largest value")


if __name__ == "__main__":
    main()
