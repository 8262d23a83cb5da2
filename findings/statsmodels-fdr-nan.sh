#!/bin/sh
# One comparison that could not be tested removes the others from a table corrected for the false discovery rate, but
# not from one corrected by Holm.
#
# Guess: multipletests leaves a NaN p-value out, corrects the others for their own number.
#
# Found: with holm, bonferroni and sidak the NaN stays NaN and counts as a test (0.01 among three others becomes 0.04,
# not 0.03); with fdr_bh and hommel every p-value becomes NaN.
#
# Why it matters here: which comparisons exist has to be decided before the correction.
#
# Versions: statsmodels 0.14.6, numpy 2.4.6, Python 3.11.
#
# Output:
#   holm: 0.0400 0.0600 nan 0.0600
#   bonferroni: 0.0400 0.0800 nan 0.1200
#   sidak: 0.0394 0.0776 nan 0.1147
#   fdr_bh: nan nan nan nan
#   hommel: nan nan nan nan
exec "$(dirname "$0")/common/python.sh" "$0" numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 statsmodels==0.14.6 <<'END'
import numpy as np
from statsmodels.stats.multitest import multipletests

for method in ("holm", "bonferroni", "sidak", "fdr_bh", "hommel"):
    corrected = multipletests([0.01, 0.02, np.nan, 0.03], method=method)[1]
    print(f"{method}:", *(f"{p:.4f}" for p in corrected))
END
