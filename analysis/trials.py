"""What a rater is shown at a time: a picture, or a pair of pictures of one prompt and two conditions.

order.py puts kinds in order: the conditions, or each two of them. Of a pair's two pictures either may stand on the left: for
each rater and each two conditions half of the prompts have it one way (with an odd number one more or one less), and the second
rater of two sees what the first one does with sides changed.
"""

import dataclasses
import itertools
import random

import order

Trial = tuple[order.Place, ...]  # one picture, or the left and the right one


def kinds_of(conditions: int, pairs: bool) -> list[tuple[int, ...]]:
    return list(itertools.combinations(range(conditions), 2 if pairs else 1))


def turned(design: order.Design, kind: int, rater: int) -> set[tuple[int, int]]:
    """The prompts and copies of which that rater sees the second condition of the kind on the left."""
    rng = random.Random(f"{design.seed} sides {(rater - 1) // 2} {kind}")
    every = list(itertools.product(range(design.prompts), range(design.copies)))
    rng.shuffle(every)
    half = set(every[rng.randrange(2) :: 2])
    return half if rater % 2 else set(every) - half


def with_catch(shown: list[str], catch: list[str], seed: int, rater: int) -> list[str]:
    """Those trials with the catch trials among them, each in a stretch of its own, and not the first. The second rater of two
    meets them in places that mirror the first one's."""
    rng = random.Random(f"{seed} catch {(rater - 1) // 2}")
    length, order_shown = len(shown), rng.sample(catch, len(catch))
    spots = [rng.randrange(max(1, number * length // len(catch)), max(2, (number + 1) * length // len(catch)))
             for number in range(len(catch))]
    if rater % 2 == 0:
        spots, order_shown = [length - spot for spot in reversed(spots)], order_shown[::-1]
    found = list(shown)
    for spot, trial in reversed(list(zip(spots, order_shown, strict=True))):
        found.insert(max(1, spot), trial)
    return found


def rater_trials(design: order.Design, kinds: list[tuple[int, ...]], rater: int) -> list[Trial]:
    """What rater number `rater`, from 1, sees; `design` counts kinds as its conditions."""
    if len(kinds[0]) == 1:
        return [(place,) for place in order.rater_order(design, rater)]
    sides = [turned(design, kind, rater) for kind in range(len(kinds))]
    trials = []
    for place in order.rater_order(design, rater):
        shown = tuple(dataclasses.replace(place, condition=condition) for condition in kinds[place.condition])
        trials.append(shown[::-1] if (place.prompt, place.copy) in sides[place.condition] else shown)
    return trials
