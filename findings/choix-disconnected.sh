#!/bin/sh
# Two estimators of the same Bradley-Terry model rank systems that were never compared.
#
# Guess: with two pairs of systems of which no one was compared across, the strengths are not determined, and every
# estimator of choix raises an error.
#
# Found: lsr_pairwise, ilsr_pairwise and rank_centrality raise; mm_pairwise and opt_pairwise return strengths for all
# four, by which each of the second pair stands above or below the first pair. They do not even agree on how far.
#
# Why it matters here: ratings of several studies are easily joined without a picture that both have; that the wins
# connect all systems must be checked before a fit.
#
# Versions: choix 0.4.1, numpy 2.4.6, scipy 1.17.1, Python 3.11.
#
# Output:
#   lsr_pairwise: ValueError
#   ilsr_pairwise: ValueError
#   rank_centrality: ValueError
#   mm_pairwise: 0.03 0.03 0.32 -0.38
#   opt_pairwise: 0.00 0.00 0.35 -0.35
exec "$(dirname "$0")/common/python.sh" "$0" numpy==2.4.6 scipy==1.17.1 choix==0.4.1 <<'END'
import choix

won_by_first = [(0, 1), (1, 0), (2, 3), (3, 2), (2, 3)]
for name in ("lsr_pairwise", "ilsr_pairwise", "rank_centrality", "mm_pairwise", "opt_pairwise"):
    try:
        print(f"{name}:", *(f"{strength + 0:.2f}" for strength in getattr(choix, name)(4, won_by_first)))
    except ValueError as error:
        print(f"{name}: ValueError")
END
