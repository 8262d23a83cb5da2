"""A study's ratings as arrays, which tables, figures and plans count from."""

import itertools

import numpy as np

from ratings import Rating


class Sheet:
    """First ratings as arrays, prompts and conditions in the study's order, NaN where missing. `of_pictures` (raters,
    pictures); `of_prompts` (raters, prompts, conditions), the mean over pictures of a prompt and condition."""

    def __init__(self, ratings: list[Rating]):
        first = [rating for rating in ratings if not rating.repeat]
        self.raters = sorted({rating.rater for rating in first})
        self.prompts = list(dict.fromkeys(rating.prompt for rating in first))
        self.conditions = list(dict.fromkeys(rating.condition for rating in first))
        self.count = len(first)
        self.given = {name: [rating.rating for rating in first if rating.condition == name] for name in self.conditions}
        self.ends = 1, ratings[0].highest
        pictures = sorted({rating.picture for rating in first})
        self.of_pictures = np.full((len(self.raters), len(pictures)), np.nan)
        sums = np.zeros((len(self.raters), len(self.prompts), len(self.conditions)))
        counts = np.zeros_like(sums)
        for rating in first:
            rater = self.raters.index(rating.rater)
            place = rater, self.prompts.index(rating.prompt), self.conditions.index(rating.condition)
            self.of_pictures[rater, pictures.index(rating.picture)] = rating.rating
            sums[place] += rating.rating
            counts[place] += 1
        self.of_prompts = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        self.in_rounds = bool(((counts > 0).sum(axis=2) < 2).all())  # no rater compares

    def differences(self) -> list[np.ndarray]:
        """Of each pair of conditions (raters, prompts), NaN where a rater has not both."""
        return [self.of_prompts[:, :, first] - self.of_prompts[:, :, second]
                for first, second in itertools.combinations(range(len(self.conditions)), 2)]
