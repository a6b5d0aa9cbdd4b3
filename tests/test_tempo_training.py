"""How the choice of the tempo is taught: no piece teaches and judges, and what is taught is learnt."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from emotion.weights import load
from recommender.library.hear import MODEL
from recommender.library.tempo import WIDTH, together
from recommender.training import evaluate_rendered, rendered, tempo_examples, train_tempo
from recommender.training.tempo_examples import Example


@pytest.mark.parametrize("figures", ["rendered", "rendered_unseen", "rendered_varied"])
def test_no_seed_of_the_pieces_that_judge_was_taught(figures: str) -> None:
    metrics = json.loads((load(MODEL).folder / "metrics.json").read_text(encoding="utf-8"))
    told = dict(re.findall(r"--(pieces|first) (\d+)", metrics[figures]["command"]))
    first = int(told.get("first", evaluate_rendered.FIRST_SEED))
    judged = set(range(first, first + int(told["pieces"])))
    assert len(judged) == metrics[figures]["pieces"]
    for taught in (tempo_examples.USUAL, tempo_examples.VARIED, tempo_examples.DRAWN):
        assert judged.isdisjoint(taught)


@pytest.mark.parametrize("half", [0, 1])
def test_drawn_ensembles_stand_beside_those_of_their_half_and_are_always_the_same(half: int) -> None:
    found = tempo_examples.ensembles(half)
    assert found == tempo_examples.ensembles(half) != tempo_examples.ensembles(1 - half)
    assert set(rendered.ENSEMBLES[half]) < set(found)
    assert len(found) == len(rendered.ENSEMBLES[half]) + tempo_examples.ENSEMBLES
    assert all(0 <= program < 128 for programs in found.values() for program in programs)
    piece, _ = rendered.compose(20_040 + half, half=half, ensembles=found)
    assert piece.ensemble in found


def examples(count: int) -> list[Example]:
    """Pieces whose right candidate has a note on every beat, and whose wrong ones have it between them."""
    rng = np.random.default_rng(1)
    made = []
    for k in range(count):
        right = np.arange(3) == k % 3
        laid = []
        for is_right in right:
            rows = rng.uniform(0, 0.3, (int(rng.integers(16, 40)), WIDTH))
            rows[:, 0 if is_right else 6] += 0.5
            laid.append(rows.astype(np.float16))
        made.append(Example("song", str(k), tuple(laid), right))
    return made


def test_what_is_taught_is_learnt_and_holds_for_other_pieces() -> None:
    pytest.importorskip("tensorflow")
    found = examples(72)
    network = train_tempo.mean_of([train_tempo.taught(found[:48], seed=seed, epochs=12) for seed in range(2)])
    assert np.mean(train_tempo.share_right(train_tempo.choice_of(network), found[48:])) > 0.9
    untaught = np.mean([e.right[0] for e in found[48:]])
    assert untaught < 0.5, "always the first would not do"


def test_each_candidate_of_a_piece_is_cut_to_the_same_part_of_it() -> None:
    rows = [np.tile(np.linspace(0, 1, n)[:, None], WIDTH).astype(np.float16) for n in (40, 80, 160)]
    one = Example("song", "a", tuple(rows), np.array([True, False, False]))
    for laid, there, piece, right, counts in train_tempo.batches([one], np.random.default_rng(3)):
        assert piece.tolist() == [0, 0, 0] and right.tolist() == [1, 0, 0] and len(counts) == 1
        assert laid.shape == together([r.astype(np.float32) for r in rows])[0].shape[:1] + laid.shape[1:]
        ends = [(float(x[0, 0]), float(x[int(t.sum()) - 1, 0])) for x, t in zip(laid, there, strict=True)]
        assert np.ptp([a for a, _ in ends]) < 0.05 and np.ptp([b for _, b in ends]) < 0.05
        assert all(b - a >= 0.5 - 0.05 for a, b in ends)
