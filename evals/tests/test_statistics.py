"""Our statistics give the figures that scikit-learn and SciPy give."""

import random

import pytest
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score, confusion_matrix, f1_score

from evals.statistics import (
    bootstrap,
    calibration,
    confusion,
    expected_calibration_error,
    macro_f1,
    mcnemar,
    quadratic_kappa,
)

LABELS = ("P0", "P1", "P2", "P3")


def pairs(seed: int) -> list[tuple[str, str]]:
    dice = random.Random(seed)
    return [(dice.choice(LABELS), dice.choice(LABELS)) for _ in range(60)]


@pytest.mark.parametrize("seed", range(5))
def test_f1_kappa_and_confusion_are_scikit_learn_s(seed: int) -> None:
    found = pairs(seed)
    expected, given = zip(*found, strict=True)

    assert macro_f1(found) == pytest.approx(f1_score(expected, given, average="macro"))
    assert quadratic_kappa(found, LABELS) == pytest.approx(cohen_kappa_score(expected, given, weights="quadratic"))
    assert confusion(found, LABELS) == confusion_matrix(expected, given, labels=LABELS).tolist()


@pytest.mark.parametrize(("one", "other"), [(0, 0), (1, 9), (5, 5), (20, 3)])
def test_mcnemar_is_the_exact_binomial_test(one: int, other: int) -> None:
    expected = binomtest(one, one + other).pvalue if one + other else 1.0

    assert mcnemar(one, other) == pytest.approx(expected)


def test_who_claims_more_than_he_keeps_is_badly_calibrated() -> None:
    answers = [(0.95, True), (0.95, False), (0.95, False), (0.95, False), (0.55, True), (0.55, False)]

    assert expected_calibration_error(answers) == pytest.approx((4 * 0.70 + 2 * 0.05) / 6)
    assert [(found.count, found.right) for found in calibration(answers)] == [(2, 0.5), (4, 0.25)]


def test_a_bootstrap_holds_the_mean_and_comes_out_the_same() -> None:
    values = [0.0] * 30 + [1.0] * 70
    mean = lambda found: sum(found) / len(found)  # noqa: E731

    interval = bootstrap(values, mean)

    assert interval is not None
    assert 0.58 < interval.low < 0.66
    assert 0.74 < interval.high < 0.82
    assert interval == bootstrap(values, mean)


def test_equal_answers_have_no_interval_that_would_claim_certainty() -> None:
    assert bootstrap([("real", "real")] * 5, macro_f1) is None


def test_nothing_has_no_figure() -> None:
    assert macro_f1([]) is None
    assert quadratic_kappa([], LABELS) is None
    assert expected_calibration_error([]) is None
    assert bootstrap([1.0], lambda found: 1.0) is None
