"""Whether anything that raters get tells conditions apart: over 200 studies, names, their order, sizes and places, of pictures that
a look at them would tell apart at once."""

import random
import unittest
import zlib

import numpy as np
from PIL import Image

import support
from condition import Condition, Picture
from key import read_key
from kit import Wishes, make_kit
from questions import BUILT_IN, Form
from test_rating import page_data, page_of, pictures_for_raters

STUDIES, PROMPTS, SIDE = 200, 6, 16
CHANCE = 0.5
# Half of the pictures are of either condition: a share of 0.5 of n guesses that are right varies by sqrt(0.25 / n).
SIGMAS = 4.0


def conditions(seed):
    """One of pictures of a single colour, one of noise: they need 80 and 800 bytes as PNG."""
    rng = np.random.default_rng(seed)

    def picture(prompt, noisy):
        pixels = rng.integers(0, 256, (SIDE, SIDE, 3) if noisy else 3, np.uint8) * np.ones((SIDE, SIDE, 1), np.uint8)
        return [Picture(prompt, True, {}, lambda: np.ascontiguousarray(pixels))]

    prompts = [f"picture {number} of a thing" for number in range(PROMPTS)]
    return [Condition(name, name, "", "", {prompt: picture(prompt, noisy) for prompt in prompts})
            for name, noisy in (("quagga", False), ("okapi", True))]


def study(seed, pairs):
    wishes = Wishes(title="Pictures", instruction="Look.", texts={}, raters=2, copies=1, rounds=None, repeats=0, size=None,
                    linked=False, side=320, seed=seed, form=Form((BUILT_IN,), pairs=pairs))
    output = support.folder("kit") / "out"
    with support.quiet():
        make_kit(conditions(seed), wishes, output)
    return output


def hints(kit):
    """Of each picture (or pair) of the first rater's page: whether it is (or on the left is) the noisy one, and what a page tells
    besides its pixels."""
    key, data, contents = read_key(kit / "key.json"), page_data(page_of(kit, 1)), pictures_for_raters(kit)
    listed = list(data["pictures"])
    found = []
    for place, item in enumerate(data["order"]):
        name, *other = item["pictures"]
        facts = [listed.index(name), ord(name[0]), sum(map(ord, name)), len(contents[name]), len(zlib.compress(contents[name])),
                 zlib.crc32(name.encode()) % 2]
        if other:
            facts += [listed.index(name) - listed.index(other[0]), ord(name[0]) - ord(other[0][0]), place]
        else:
            facts += [place, place % 2, place // (len(data["order"]) // 2)]
        found.append((key.pictures[name]["condition"] == "okapi", facts))
    return found


def best_guess(learn, test):
    """How often a threshold on one fact, chosen where it does best, is right elsewhere."""
    truth, facts = (np.array(column) for column in zip(*learn))
    levels = np.quantile(facts, np.linspace(0.1, 0.9, 9))
    shares = [((facts > level) == truth).mean() for level in levels]
    place = int(np.argmax(np.abs(np.array(shares) - CHANCE)))
    wrong_way = shares[place] < CHANCE
    truth, facts = (np.array(column) for column in zip(*test))
    return float((((facts > levels[place]) != wrong_way) == truth).mean()), len(truth)


class BlindTest(unittest.TestCase):
    def guesses(self, pairs):
        every = [hints(study(seed, pairs)) for seed in range(STUDIES)]
        random.Random(1).shuffle(every)
        halves = [[trial for own in part for trial in own] for part in (every[: STUDIES // 2], every[STUDIES // 2 :])]
        return [best_guess(*([(truth, facts[number]) for truth, facts in half] for half in halves))
                for number in range(len(halves[0][0][1]))]

    def test_nothing_predicts_a_picture_s_condition(self):
        for share, count in self.guesses(pairs=False):
            self.assertLess(abs(share - CHANCE), SIGMAS * (0.25 / count) ** 0.5)

    def test_nothing_predicts_the_side(self):
        for share, count in self.guesses(pairs=True):
            self.assertLess(abs(share - CHANCE), SIGMAS * (0.25 / count) ** 0.5)

    def test_a_hint_would_be_found(self):
        """The same, with a place that depends on the condition in two of three pictures."""
        rng = random.Random(2)
        trials = [(truth, [int(truth if rng.random() < 0.66 else not truth)]) for truth in (rng.random() < 0.5 for _ in range(1200))]
        share, count = best_guess(*([(truth, facts[0]) for truth, facts in half] for half in (trials[:600], trials[600:])))
        self.assertGreater(abs(share - CHANCE), SIGMAS * (0.25 / count) ** 0.5)


if __name__ == "__main__":
    unittest.main()
