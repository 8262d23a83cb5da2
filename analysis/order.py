"""In which order a rater sees the pictures.

Every rater has an order of their own:

- Pictures come in rounds; in a round each prompt is shown once, so that pictures of one prompt are far apart. In all
  rounds together a rater sees every picture; a study may have fewer, where that would be too many.
- Prompts fall into as many classes as there are conditions. A round takes from class k condition k + round (+ rater):
  a Latin square, so that over the rounds each prompt meets every condition, and over the raters each picture stands in
  every round.
- A round is a row of small groups, one prompt of each class, so that any few pictures in sequence hold every condition.
- Raters come in pairs; the second sees the first one's order from its end. The mean place of every picture, and so of
  every condition, is the same over a pair: neither practice nor weariness favours one.

Repeated pictures, which measure how far a rater agrees with themself, are taken from the first half and shown again in
the last third, not beside another picture of their prompt where that is possible; they shift what follows by one place.
"""

import dataclasses
import random


@dataclasses.dataclass(frozen=True)
class Design:
    """Counts of a study, and the seed that all orders follow from."""

    prompts: int
    conditions: int
    copies: int  # pictures of each prompt and condition
    rounds: int  # at most conditions × copies: then a rater sees every picture
    repeats: int
    seed: int

    @property
    def shown(self) -> int:
        """Different pictures that a rater sees."""
        return self.prompts * self.rounds


@dataclasses.dataclass(frozen=True)
class Place:
    """A picture in a rater's order, by the indices of its prompt and condition, and its number among their copies."""

    prompt: int
    condition: int
    copy: int


def prompt_classes(design: Design) -> list[list[int]]:
    """The prompts in as many classes as there are conditions, as equal in size as can be."""
    prompts = list(range(design.prompts))
    random.Random(f"{design.seed} classes").shuffle(prompts)
    return [prompts[first :: design.conditions] for first in range(design.conditions)]


def one_round(design: Design, classes: list[list[int]], pair: int, number: int, rng: random.Random) -> list[Place]:
    shuffled = [rng.sample(members, len(members)) for members in classes]
    copy = (number // design.conditions + pair // design.conditions) % design.copies
    places = []
    for row in range(len(shuffled[0])):
        group = [Place(members[row], (kind + number + pair) % design.conditions, copy)
                 for kind, members in enumerate(shuffled) if row < len(members)]
        places += rng.sample(group, len(group))
    return places


def pair_order(design: Design, pair: int) -> list[Place]:
    """The order of a pair's first rater, without repeats."""
    rng = random.Random(f"{design.seed} order {pair}")
    classes = prompt_classes(design)
    order: list[Place] = []
    for number in range(design.rounds):
        places = one_round(design, classes, pair, number, rng)
        while order and design.prompts > 1 and places[0].prompt == order[-1].prompt:
            places = one_round(design, classes, pair, number, rng)
        order += places
    return order


def with_repeats(design: Design, order: list[Place], rater: int) -> list[Place]:
    rng = random.Random(f"{design.seed} repeats {rater}")
    again = rng.sample(order[: len(order) // 2], design.repeats)
    order = list(order)
    last_third = len(order) * 2 // 3
    for place in again:
        spots = range(last_third, len(order) + 1)
        apart = [spot for spot in spots if place.prompt not in {near.prompt for near in order[spot - 1 : spot + 1]}]
        order.insert(rng.choice(apart or spots), place)
    return order


def rater_order(design: Design, rater: int) -> list[Place]:
    """What rater number `rater`, from 1, sees."""
    order = pair_order(design, (rater - 1) // 2)
    return with_repeats(design, order if rater % 2 else order[::-1], rater)


def mean_places(orders: list[list[Place]], conditions: int) -> list[float]:
    """Condition -> the mean of the places, from 1, at which raters see its pictures for the first time; 0 where none
    does."""
    seen: list[list[int]] = [[] for _ in range(conditions)]
    for order in orders:
        for place in dict.fromkeys(order):
            seen[place.condition].append(1 + order.index(place))
    return [sum(numbers) / max(1, len(numbers)) for numbers in seen]
