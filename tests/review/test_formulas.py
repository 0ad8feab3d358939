"""The formulas, against published worked examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_app.review import agreement_in_words, cohen_kappa, wilson_interval
from gui_app.review.formulas import f1_score


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_figures(right: int, of: int, low: float, high: float) -> None:
    interval = wilson_interval(right, of)
    assert interval is not None
    assert interval == pytest.approx((low, high), abs=5e-5)


def test_another_confidence_gives_another_width() -> None:
    usual, wide = wilson_interval(50, 100), wilson_interval(50, 100, 0.99)
    assert usual is not None and wide is not None
    assert wide[0] < usual[0] < usual[1] < wide[1]
    assert wilson_interval(50, 100, 0.950000001) == pytest.approx(usual, abs=1e-6)


def test_no_rows_have_no_interval() -> None:
    assert wilson_interval(0, 0) is None


@given(st.integers(1, 10**6), st.data())
def test_the_interval_holds_the_share_and_stays_within_0_and_1(of: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, of))
    interval = wilson_interval(right, of)
    assert interval is not None
    assert 0 <= interval[0] <= right / of <= interval[1] <= 1


@pytest.mark.parametrize(
    ("cells", "kappa"),
    [
        # Grant proposals read by two readers: the example of many textbooks, p_o = 0.7, p_e = 0.5.
        ((20, 5, 10, 15), 0.4),
        # The pair that shows how kappa depends on the margins, with the same 60% of agreement.
        ((45, 15, 25, 15), 0.1304),
        ((25, 35, 5, 35), 0.2593),
    ],
)
def test_kappa_gives_the_textbook_figures(cells: tuple[int, int, int, int], kappa: float) -> None:
    pairs = [("yes", "yes"), ("yes", "no"), ("no", "yes"), ("no", "no")]
    assert cohen_kappa(dict(zip(pairs, cells, strict=True))) == pytest.approx(kappa, abs=5e-5)


def test_cohens_own_example_of_1960() -> None:
    # The 3 x 3 table of N = 200 in the paper, with p_o = .70 and p_e = .41.
    cells = {
        ("1", "1"): 88, ("1", "2"): 14, ("1", "3"): 18,
        ("2", "1"): 10, ("2", "2"): 40, ("2", "3"): 10,
        ("3", "1"): 2, ("3", "2"): 6, ("3", "3"): 12,
    }  # fmt: skip
    assert cohen_kappa(cells) == pytest.approx(0.492, abs=5e-4)


def test_full_agreement_is_one_and_chance_is_zero() -> None:
    assert cohen_kappa({("a", "a"): 3, ("b", "b"): 4}) == 1
    assert cohen_kappa({("a", "a"): 1, ("a", "b"): 1, ("b", "a"): 1, ("b", "b"): 1}) == 0


def test_kappa_has_no_meaning_for_one_label_or_no_rows() -> None:
    assert cohen_kappa({("a", "a"): 30}) is None
    assert cohen_kappa({}) is None
    assert cohen_kappa({("a", "b"): 30}) == 0


def test_f1_is_the_harmonic_mean() -> None:
    assert f1_score(0.5, 1.0) == pytest.approx(2 / 3)
    assert f1_score(0.0, None) == 0
    assert f1_score(None, None) is None


@pytest.mark.parametrize(
    ("kappa", "word"),
    [
        (-0.1, "poor"),
        (0.0, "slight"),
        (0.2, "slight"),
        (0.21, "fair"),
        (0.5, "moderate"),
        (0.8, "substantial"),
        (0.81, "almost perfect"),
    ],
)
def test_kappas_have_the_words_of_landis_and_koch(kappa: float, word: str) -> None:
    assert agreement_in_words(kappa) == f"{word} agreement"
