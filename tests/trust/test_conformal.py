import numpy as np
import pytest

from kerakit.errors import DataError
from kerakit.trust.conformal import check_row_count, conformal_quantile, rows_needed


def test_the_bound_is_the_score_of_the_right_place():
    scores = np.random.default_rng(0).permutation(np.arange(1.0, 100.0))  # 1 to 99
    assert conformal_quantile(scores, 0.9) == 90  # ceil(100 * 0.9)
    assert conformal_quantile(scores, 0.905) == 91
    assert conformal_quantile(scores[:9], 0.9) == scores[:9].max()
    columns = np.stack([scores, 2 * scores], axis=1)
    assert conformal_quantile(columns, 0.5).tolist() == [50, 100]


def test_the_bound_is_numpys_quantile_of_the_next_rank():
    scores = np.random.default_rng(1).normal(size=57)
    for coverage in (0.5, 0.8, 0.9, 0.95):
        level = np.ceil(58 * coverage) / 57
        assert conformal_quantile(scores, coverage) == np.quantile(
            scores, level, method="inverted_cdf"
        )


@pytest.mark.parametrize("coverage", [0.3, 0.5, 0.9, 0.95, 0.99])
def test_so_many_rows_are_needed_and_no_more(coverage):
    needed = rows_needed(coverage)
    assert np.ceil(round((needed + 1) * coverage, 9)) <= needed
    assert np.ceil(round(needed * coverage, 9)) > needed - 1
    check_row_count(needed, coverage, "rows", "calibrate")
    with pytest.raises(DataError, match=f"needs at least {needed} rows .* Got {needed - 1}"):
        check_row_count(needed - 1, coverage, "rows", "calibrate")


def test_new_scores_stay_under_the_bound_as_often_as_promised():
    """Over many draws of 20 old scores, of a skewed distribution."""
    rng = np.random.default_rng(0)
    old, new = rng.lognormal(size=(20, 40_000)), rng.lognormal(size=40_000)
    share = np.mean(new <= conformal_quantile(old, 0.8))
    assert share == pytest.approx(17 / 21, abs=0.008)  # exactly, as place 17 of 20
