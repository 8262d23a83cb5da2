#!/bin/sh
# A mixed model of ratings in which raters are consistent reports a standard error that is too small, and says that it
# converged.
#
# Guess: where every rater gives the same difference to every prompt, so that nothing is left but the raters' own
# means, MixedLM either fails to converge or gives the standard error of the raters' means, s / sqrt(raters).
#
# Found: it says that it converged, warns of nothing, and its standard error is a third of that of the raters' means
# here; the variance between raters is given with a standard error in the thousands.
#
# Why it matters here: a panel of experts who agree with themselves is the best case, and gets the worst interval;
# `converged` is no evidence.
#
# Versions: statsmodels 0.14.6, scipy 1.17.1, numpy 2.4.6, pandas 3.1.1, Python 3.11.
#
# Output:
#   converged: True, warnings: 0
#   mean 0.078, of the raters' means 0.078
#   standard error below 0.4 of the raters' means' 0.610: True
exec "$(dirname "$0")/common/python.sh" "$0" numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 statsmodels==0.14.6 <<'END'
import warnings

import numpy as np
import pandas as pd
import statsmodels.formula.api as formulas

raters = 0.3 + np.random.default_rng(3).normal(0, 1, 6)
table = pd.DataFrame([(rater, prompt, mean) for rater, mean in enumerate(raters) for prompt in range(8)],
                     columns=["rater", "prompt", "difference"])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    fit = formulas.mixedlm("difference ~ 1", table, groups="rater").fit()
print(f"converged: {fit.converged}, warnings: {len(caught)}")
print(f"mean {fit.params['Intercept']:.3f}, of the raters' means {raters.mean():.3f}")
print(f"standard error below 0.4 of the raters' means' {raters.std(ddof=1) / 6 ** 0.5:.3f}: "
      f"{fit.bse['Intercept'] < 0.4 * raters.std(ddof=1) / 6 ** 0.5}")
END
