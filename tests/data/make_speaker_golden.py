"""Makes speaker_golden.npz: what Resemblyzer's own code says of a fixed sound.

    python -m tests.data.make_speaker_golden FOLDER

FOLDER holds the unpacked Resemblyzer wheel. Needs torch and librosa, which the product does not.
Its trimming of pauses is not used here, so the two modules it imports for that are left empty.
"""

import sys
import types
from pathlib import Path

import numpy as np

from tests.data.make_voice_golden import FRAMES, sound


def main() -> None:
    import torch  # pyright: ignore[reportMissingImports]

    for name, unused in (("webrtcvad", "Vad"), ("scipy.ndimage.morphology", "binary_dilation")):
        sys.modules[name] = types.ModuleType(name)
        setattr(sys.modules[name], unused, None)
    sys.path.insert(0, sys.argv[1])
    from resemblyzer import VoiceEncoder, audio  # pyright: ignore[reportMissingImports]

    encoder = VoiceEncoder("cpu", verbose=False)
    wav = audio.normalize_volume(sound(), -30).astype(np.float32)
    mel = audio.wav_to_mel_spectrogram(wav)
    with torch.no_grad():
        first = torch.nn.LSTM(40, 256, 2, batch_first=True)
        first.load_state_dict({k: v for k, v in encoder.lstm.state_dict().items() if k[-1] in "01"})
        hidden = first(torch.from_numpy(mel)[None])[0][0].numpy()
    np.savez_compressed(
        Path(__file__).with_name("speaker_golden.npz"),
        mel=mel[FRAMES],
        hidden=hidden[FRAMES],
        embedding=encoder.embed_utterance(wav),
        short_embedding=encoder.embed_utterance(wav[:16_000]),
    )


if __name__ == "__main__":
    main()
