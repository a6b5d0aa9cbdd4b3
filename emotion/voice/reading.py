"""What the features of a window mean: the arithmetic between the encoders and the probabilities, in plain numpy.

A recording moves the features further than a mood does. So four linear layers and one generative model share the work:

- *general*: nothing is known of the recording. Two layers, trained on features less their corpus's mean and less
  their corpus's mean for the voice's sex, and the two covariances below; their log-probabilities are added.
- *known*: a layer trained on features less their speaker's mean; what the mean is, other windows of the speaker tell.
- *two covariances* (as in speaker verification: Prince & Elder, 2007, ICCV): a window is its recording's centre, normal
  with one covariance, plus its mood's offset, plus normal rest with another. In the coordinates used here both are
  diagonal, the second one is 1.
- *home*: a recording of the studio that the training knows best is recognised by its sound and read by a layer for it.

How far the other windows are believed depends on how varied they are (:meth:`Reading.trust`): footage of one mood must
not become the norm. How far the sound lies from all that was trained on widens the doubt.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from emotion.voice.profile import SpeakerProfile

Floats = npt.NDArray[np.floating]
Probs = npt.NDArray[np.float64]

TEMPER: Final = 8.0
"""Log-likelihoods of the two covariances are divided by this: features are not independent."""
GENERATIVE: Final = 1.0
"""How much the two covariances weigh beside the layers: what any five of the six corpora choose for the sixth."""
FEW: Final = 0.3
"""Windows of which nothing shows that their moods vary count together as so many."""
FAR: Final = 1.15
"""From this squared distance (mean over directions, 1 where as expected) on a recording is from elsewhere."""
GENERAL_CLIPS: Final = 1.0
"""So many windows' worth of everybody are mixed into a speaker's mean."""
CLASSES: Final = 8


@dataclass(frozen=True, eq=False)
class Reading:
    """The trained numbers, by name; see ``emotion.training.voice_reading`` for how each is made.

    d_in features of a window are chosen (``columns``); z are their ``z`` leading directions, the first ``y`` of
    which carry the two covariances.

    Attributes:
        columns: (d_in,) which features are heard; mean, scale: (d_in,); projection: (d_in, z).
        centre: (z,) where features lie on average; unit: how far they reach.
        women, men, sex: (z,), (z,), (z + 1,): the mean of both sexes, and the layer that tells them apart.
        corpus, sexes, speaker: (z + 1, 8): layers, the bias last.
        turn, back: (y, y) and origin (y,): into the coordinates of the two covariances, and out of them.
        between: (y,) the first of the two covariances.
        offsets: (8, y) of the moods; possible: (8,) log prior.
        moods: (y, y) a rotation whose first ``mood_directions`` are those of the moods.
        home, home_known: (d_in + 1, 8): the layers of the home studio; gate: (g + 1,) tells it by g directions.
        guard: (7, 3): mean, deviation and weight of what tells varied footage, the bias last.
        doubt: (4,) the logarithm of the temperature; home_temperature: (2,).
        general_home: (8,) and home_offsets (8, 8): everybody's mean, and each mood's, as ``home_known`` sees them.
        affect: (2, 3): zero, slope and spread of valence and arousal.
        generative: (), how much the two covariances weigh beside the layers; ``GENERATIVE`` where it is not there.
    """

    a: Mapping[str, npt.NDArray[Any]]

    @functools.cached_property
    def _generative(self) -> float:
        return float(self.a.get("generative", GENERATIVE))

    @classmethod
    def load(cls, path: Path) -> Reading:
        with np.load(path) as arrays:
            return cls({n: _wide(arrays[n]) for n in arrays.files})

    @functools.cached_property
    def widths(self) -> tuple[int, int]:
        """z and y."""
        return len(self.a["centre"]), len(self.a["origin"])

    @functools.cached_property
    def spans(self) -> dict[str, slice]:
        """Where each part of a row lies."""
        z, y = self.widths
        sizes = {"z": z, "moods": y, "home": CLASSES, "home_known": CLASSES, "gate": 1, "own": CLASSES, "doubt": 1}
        ends = np.cumsum(list(sizes.values())).tolist()
        return {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}

    def place(self, features: Floats) -> npt.NDArray[np.float32]:
        """Features (n, all) to rows (n, d): the directions that count, and what the layers of the home studio say.

        Means and deviations of rows are all that a profile needs: beside what is linear they hold what the general
        reading says of each (``own``, before any temperature) and how undecided it is (``doubt``).
        """
        a = self.a
        x = features[:, a["columns"]]
        z = ((x - a["mean"]) / a["scale"]) @ a["projection"]
        g = len(a["gate"]) - 1
        parts = [z, self._y(z) @ a["moods"].T, _layer(x, a["home"]), x @ a["home_known"][:-1]]
        parts.append((z[:, :g] @ a["gate"][:-1] + a["gate"][-1])[:, None])
        p = softmax(self.general(z))
        parts.append(p)
        parts.append(-(p * np.log(p + 1e-12)).sum(axis=1, keepdims=True))
        return np.concatenate(parts, axis=1).astype(np.float32)

    def _y(self, z: Floats) -> Floats:
        y = self.widths[1]
        return (z[:, :y] - self.a["origin"]) @ self.a["turn"]

    def generative(self, y: Floats, left: Floats) -> Floats:
        """Log-probabilities (n, 8) of y less its centre, of which a variance ``left`` is not known."""
        off, precision = self.a["offsets"], 1 / (left + 1.0)
        scores = (y * precision) @ off.T - 0.5 * (off**2) @ precision
        return scores / TEMPER + self.a["possible"]

    def general(self, z: Floats, away: Floats | None = None, left: Floats | None = None) -> Floats:
        """Logits (n, 8) of a voice unheard so far; ``away`` (y,) is what little is known of its centre."""
        a = self.a
        y = self._y(z)
        if away is not None:
            y = y - away
            z = z.copy()
            z[:, : len(away)] -= away @ a["back"]
        woman = 1 / (1 + np.exp(-np.clip(_layer((z - a["centre"]) / a["unit"], a["sex"][:, None]), -30, 30)))
        by_sex = woman * a["women"] + (1 - woman) * a["men"]
        layers = _layer((z - a["centre"]) / a["unit"], a["corpus"]) + _layer((z - by_sex) / a["unit"], a["sexes"])
        return layers / 2 + self._generative * self.generative(y, a["between"] if left is None else left)

    def logits(self, rows: Floats, profile: SpeakerProfile | None) -> tuple[Floats, Floats]:
        """Logits (n, 8) before any temperature, and what the temperature follows from, (n, 4)."""
        z = rows[:, self.spans["z"]]
        if profile is None or profile.count <= 0:
            y = self._y(z)
            return self.general(z), self._circumstances(y, self.a["between"], 0.0, 0.0)
        trust, between, n = self.trust(profile), self.a["between"], profile.count
        told = profile.mean[self.spans["z"]]
        there = self._y(told[None])[0]
        few = min(FEW * self._elsewhere(there, n), n)
        left = 1 / (1 / between + few)
        away = left * few * (there - profile.mean[self.spans["own"]] @ self.a["offsets"])
        plain = self.general(z, away, left)
        centre = (GENERAL_CLIPS * self.a["centre"] + n * told) / (GENERAL_CLIPS + n)
        known = _layer((z - centre) / self.a["unit"], self.a["speaker"])
        rest = 1 / (1 / between + n)
        y = self._y(z) - self._y(centre[None])
        known = known + self._generative * self.generative(y, rest)
        near = trust * y + (1 - trust) * (self._y(z) - away)
        return trust * known + (1 - trust) * plain, self._circumstances(
            near, trust * rest + (1 - trust) * left, trust, n
        )

    def _elsewhere(self, y: Floats, n: float) -> float:
        """How much more footage is believed that lies where no recording of the training did: 1 to 4."""
        distance = float((y**2 / (self.a["between"] + 1 / n)).mean())
        return float(np.clip(distance / FAR, 1.0, 4.0))

    def _circumstances(self, y: Floats, left: Floats, trust: float, n: float) -> Floats:
        far = np.log(np.maximum((y**2 / (left + 1)).mean(axis=1), 1e-3))
        return np.stack(
            [np.ones_like(far), np.full_like(far, trust), np.full_like(far, trust * np.log1p(n)), far], axis=1
        )

    def trust(self, profile: SpeakerProfile) -> float:
        """How far a speaker's own mean is their norm, in [0, 1]: 0 where their footage seems to be of one mood.

        It goes by how far the windows spread in the directions of the moods, and by how much less decided their
        mixture is than each of them.
        """
        n = profile.count
        if n <= 1:
            return 0.0
        guard = self.a["guard"]
        standard = (self.spread(profile) - guard[:-1, 0]) / guard[:-1, 1]
        chance = 1 / (1 + np.exp(-float(np.clip(standard @ guard[:-1, 2] + guard[-1, 2], -30, 30))))
        return chance**2 * min(1.0, n - 1)

    def spread(self, profile: SpeakerProfile) -> npt.NDArray[np.float64]:
        """What :meth:`trust` goes by, shape (6,)."""
        n, moods = profile.count, int(self.a["mood_directions"])
        power = np.asarray(profile.deviation[self.spans["moods"]], np.float64) ** 2 * (n / max(n - 1, 0.5))
        inside, outside = power[:moods].mean(), power[moods:].mean()
        p = profile.mean[self.spans["own"]].astype(np.float64)
        mixed = float(-(p * np.log(p + 1e-12)).sum()) - float(profile.mean[self.spans["doubt"]][0])
        a, r, m, k = (
            np.log(inside + 0.05),
            np.log((inside + 0.05) / (outside + 0.05)),
            max(mixed, 0.0) ** 0.5,
            np.log(n),
        )
        return np.array([a, r, m, a * k, m * k, k])

    def probs(self, rows: Floats, profile: SpeakerProfile | None = None) -> Probs:
        """Rows (n, d) to calibrated probabilities (n, 8)."""
        a = self.a
        logits, circumstances = self.logits(rows, profile)
        away = softmax(logits / np.exp(np.clip(circumstances @ a["doubt"], -3, 3))[:, None])
        at_home = 1 / (1 + np.exp(-np.clip(rows[:, self.spans["gate"]], -30, 30)))
        return at_home * softmax(self.home(rows, profile)) + (1 - at_home) * away

    def home(self, rows: Floats, profile: SpeakerProfile | None) -> Floats:
        """The same by the layers of the home studio, their temperature taken in."""
        a = self.a
        if profile is None or profile.count <= 1:
            return rows[:, self.spans["home"]] / a["home_temperature"][0]
        told = profile.mean[self.spans["home_known"]]
        centre = profile.centre(a["general_home"], a["home_offsets"], told)
        return (rows[:, self.spans["home_known"]] - centre + a["home_known"][-1]) / a["home_temperature"][1]

    def affect(self, probs: Probs) -> Floats:
        """Probabilities (n, 8) to valence and arousal with their bounds, (n, 2, 3): value, low, high, in [-1, 1]."""
        from emotion.labels import VALENCE_AROUSAL

        zero, slope, reach = self.a["affect"].T
        mean = probs @ VALENCE_AROUSAL
        deviation = np.sqrt(np.maximum(probs @ VALENCE_AROUSAL**2 - mean**2, 0.0) + 0.05**2)
        value, half = (mean - zero) / slope, reach * deviation / slope
        return np.clip(np.stack([value, value - half, value + half], axis=2), -1.0, 1.0)


def softmax(logits: Floats) -> Probs:
    z = np.asarray(logits, np.float64)
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def _layer(x: Floats, layer: Floats) -> Floats:
    return x @ layer[:-1] + layer[-1]


def _wide(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array.astype(np.float32) if array.dtype == np.float16 else array
