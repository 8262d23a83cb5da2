#!/bin/sh
# A sign-flip test of paired ratings of which one is missing calls the difference certain.
#
# Guess: with a NaN among the data, and a statistic that is NaN therefore, scipy.stats.permutation_test gives a
# p-value of NaN, as ttest_1samp and wilcoxon do.
#
# Found: the statistic is NaN and the p-value is 0.0 where all sign flips are tried, and 2/(n+1), the least possible,
# where n of them are drawn: no comparison with NaN counts as extreme. Nothing is raised or warned of.
#
# Why it matters here: a rater who left one picture out must be dropped before the test, or a table says p = 0.
#
# Versions: scipy 1.17.1, numpy 2.4.6, Python 3.11.
#
# Output:
#   sign flips, at most 9999: statistic nan, p 0.0000
#   sign flips, at most 50: statistic nan, p 0.0392
#   t test: p nan
#   Wilcoxon: p nan
exec "$(dirname "$0")/common/python.sh" "$0" numpy==2.4.6 scipy==1.17.1 <<'END'
import numpy as np
from scipy import stats

differences = np.array([0.5, 1.0, -0.2, 0.8, 0.3, np.nan, 0.9, 0.4])
for resamples in (9999, 50):
    result = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=resamples,
                                    rng=np.random.default_rng(1))
    print(f"sign flips, at most {resamples}: statistic {result.statistic}, p {result.pvalue:.4f}")
print(f"t test: p {stats.ttest_1samp(differences, 0).pvalue}")
print(f"Wilcoxon: p {stats.wilcoxon(differences).pvalue}")
END
