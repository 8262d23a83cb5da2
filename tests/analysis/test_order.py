"""Orders of a rating study: complete, balanced, and a function of the seed."""

import collections
import unittest

from order import Design, mean_places, pair_order, rater_order

# Prompts, conditions, copies, rounds, repeats, seed: every rater sees every picture.
DESIGNS = [Design(12, 3, 1, 3, 0, 5), Design(7, 3, 2, 6, 0, 1), Design(2, 4, 1, 4, 0, 2), Design(5, 1, 2, 2, 0, 3),
           Design(1, 2, 2, 4, 0, 4), Design(40, 2, 1, 2, 0, 6)]


class OrderTest(unittest.TestCase):
    def test_every_rater_sees_every_picture_once(self):
        for design in DESIGNS:
            for rater in range(1, 6):
                order = rater_order(design, rater)
                self.assertEqual(len(set(order)), design.shown)
                self.assertEqual(len(order), design.shown)
                self.assertLess(max(place.prompt for place in order), design.prompts)
                self.assertLess(max(place.condition for place in order), design.conditions)

    def test_over_a_pair_of_raters_every_picture_has_the_same_mean_place(self):
        for design in DESIGNS:
            for first in (1, 3, 5):
                orders = [rater_order(design, first), rater_order(design, first + 1)]
                for place in orders[0]:
                    self.assertEqual(orders[0].index(place) + orders[1].index(place), design.shown - 1)
                means = mean_places(orders, design.conditions)
                self.assertEqual(set(means), {(design.shown + 1) / 2})

    def test_a_round_holds_each_prompt_once_and_conditions_about_equally_often(self):
        for design in DESIGNS:
            order = pair_order(design, 2)
            for first in range(0, design.shown, design.prompts):
                part = order[first : first + design.prompts]
                self.assertEqual({place.prompt for place in part}, set(range(design.prompts)))
                counts = collections.Counter(place.condition for place in part)
                spread = [counts[condition] for condition in range(design.conditions)]
                self.assertLessEqual(max(spread) - min(spread), 1)

    def test_pictures_in_sequence_hold_every_condition(self):
        order = pair_order(DESIGNS[0], 0)
        for first in range(0, len(order), 3):
            self.assertEqual({place.condition for place in order[first : first + 3]}, {0, 1, 2})

    def test_over_as_many_pairs_as_conditions_a_picture_stands_in_every_round(self):
        design = DESIGNS[0]
        rounds = collections.defaultdict(set)
        for pair in range(design.conditions):
            for number, place in enumerate(pair_order(design, pair)):
                rounds[place].add(number // design.prompts)
        self.assertEqual(set(map(len, rounds.values())), {design.conditions})

    def test_with_fewer_rounds_every_picture_is_seen_equally_often_by_enough_raters(self):
        for design in (Design(12, 3, 1, 1, 0, 5), Design(7, 2, 2, 1, 0, 1), Design(9, 3, 2, 2, 0, 8)):
            raters = 2 * design.conditions * design.copies
            orders = [rater_order(design, rater) for rater in range(1, raters + 1)]
            self.assertEqual({len(order) for order in orders}, {design.prompts * design.rounds})
            counts = collections.Counter(place for order in orders for place in order)
            self.assertEqual(len(counts), design.prompts * design.conditions * design.copies)
            self.assertEqual(set(counts.values()), {2 * design.rounds})
            for order in orders:
                for first in range(0, len(order), design.prompts):
                    part = order[first : first + design.prompts]
                    self.assertEqual(len({place.prompt for place in part}), design.prompts)
            self.assertEqual(set(mean_places(orders, design.conditions)), {(design.shown + 1) / 2})

    def test_no_prompt_twice_in_a_row(self):
        for design in DESIGNS:
            for pair in range(30 if design.prompts > 1 else 0):
                order = pair_order(design, pair)
                for before, after in zip(order, order[1:]):
                    self.assertNotEqual(before.prompt, after.prompt)

    def test_orders_follow_from_the_seed_and_differ_between_raters(self):
        design = DESIGNS[0]
        self.assertEqual(rater_order(design, 3), rater_order(Design(12, 3, 1, 3, 0, 5), 3))
        self.assertNotEqual(rater_order(design, 3), rater_order(Design(12, 3, 1, 3, 0, 6), 3))
        orders = {tuple(rater_order(design, rater)) for rater in range(1, 21)}
        self.assertEqual(len(orders), 20)
        small = {tuple(rater_order(Design(2, 2, 1, 2, 0, seed), 1)) for seed in range(30)}
        self.assertGreater(len(small), 2)  # more than there are ways to choose classes

    def test_repeats_come_late_and_far_from_the_first(self):
        design = Design(12, 3, 1, 3, 4, 5)
        for rater in range(1, 21):
            order = rater_order(design, rater)
            self.assertEqual(len(order), 40)
            twice = [place for place, count in collections.Counter(order).items() if count == 2]
            self.assertEqual(len(twice), 4)
            for place in twice:
                first = order.index(place)
                again = order.index(place, first + 1)
                self.assertLess(first, 18)
                self.assertGreaterEqual(again, 24)


if __name__ == "__main__":
    unittest.main()
