#!/usr/bin/env python3
"""Blinded rating studies: makes the pages for raters, and collects what they return.

    analysis/rating.py make -o STUDY --raters 6 both=both.h5 vit=vit.h5    STUDY/raters/ to raters, STUDY/key.json not
    analysis/rating.py collect --key STUDY/key.json -o ratings.csv FILE... what raters saved -> one table
    analysis/rating.py batch --key STUDY/key.json --address https://... -o BATCH    tasks for Mechanical Turk, Label Studio
    analysis/rating.py power pilot.csv --difference 0.3                    how many raters and prompts a study needs

Ratings are 1 to 5 for how well a picture matches its text, or answers to the questions of a file. Prompts that not every condition has are left out.
"""

import argparse
import dataclasses
import secrets
import sys
from pathlib import Path

import packages  # noqa: F401  first, as it says what the others would miss
import batch
import choice
import collection
import command
import kit
import power
import questions
import workers
from condition import SOURCE_HELP, Condition, open_conditions
from key import read_key
from ratings import write_ratings
from table import put_out


def open_chosen(arguments: argparse.Namespace) -> tuple[list[Condition], choice.Choice | None]:
    """The conditions, with their best pictures alone where that is asked for."""
    if arguments.pictures.best != bool(arguments.by):
        raise command.BadInput("expected --pictures best:N and --by FILE:COLUMN together, or neither")
    conditions = open_conditions(arguments.conditions)
    if not arguments.pictures.best:
        return conditions, None
    return choice.choose_best(conditions, arguments.pictures.count, choice.read_scores(arguments.by))


def one_of(name: str, option: str | None, written: str, built_in: str) -> str:
    """What the option says, or the file of questions, or what is built in."""
    if option is not None and written:
        raise command.BadInput(f"expected --{name} or {name} in the file of questions, found both")
    return option or written or built_in


def make(arguments: argparse.Namespace) -> None:
    form = questions.read_form(arguments.questions) if arguments.questions else None
    asked = form or questions.Form()
    instruction = command.read_text(arguments.instruction).strip() if arguments.instruction else None
    built_in = kit.INSTRUCTION_TO_COMPARE if asked.pairs else kit.INSTRUCTION_TO_ASK if form else kit.INSTRUCTION
    wishes = kit.Wishes(
        title=one_of("title", arguments.title, asked.title, kit.TITLE),
        instruction=one_of("instruction", instruction, asked.instruction, built_in),
        form=form,
        texts=dict(command.read_table(arguments.texts, ("prompt", "text"))) if arguments.texts else {},
        raters=arguments.raters,
        copies=arguments.pictures.count,
        rounds=arguments.rounds,
        repeats=arguments.repeats,
        size=arguments.size,
        linked=arguments.linked,
        side=arguments.side,
        seed=secrets.randbits(32) if arguments.seed is None else arguments.seed,
    )
    conditions, chosen = open_chosen(arguments)
    key = kit.make_kit(conditions, dataclasses.replace(wishes, choice=chosen), arguments.output)
    print(f"study {key.study}, seed {key.seed}: {len(key.prompts)} prompts, {len(key.conditions)} conditions, "
          f"{len(key.orders)} raters, {len(key.orders[1])} ratings each"
          + (f", {len(asked.questions)} questions" if len(asked.questions) > 1 else ""))
    print(f"for raters:     {arguments.output / 'raters'}")
    print(f"not for raters: {arguments.output / 'key.json'}")


def of_platform(paths: list[Path]) -> list[batch.Answered] | None:
    """What a platform returned, in one file or several; None where files are of pages."""
    found = [batch.read_answered(path) for path in paths]
    if len({answered is None for answered in found}) > 1:
        raise command.BadInput("expected files of pages or of a platform, found both")
    return None if found[0] is None else [done for answered in found for done in answered]


def put_batch(arguments: argparse.Namespace) -> None:
    count = batch.write_batch(read_key(arguments.key), arguments.address, arguments.output)
    print(f"{arguments.output}: {count} tasks for Mechanical Turk and Label Studio")


def collect(arguments: argparse.Namespace) -> None:
    key = read_key(arguments.key)
    if (answered := of_platform(arguments.files)) is not None:
        ratings, numbers = batch.collect_answered(key, answered)
        if arguments.workers:
            batch.write_numbers(arguments.workers, numbers)
        write_ratings(arguments.output, ratings)
        print(f"{arguments.output}: {len(ratings)} ratings by {len({rating.rater for rating in ratings})} of {len(numbers)} raters")
        return
    files = collection.read_files(key, arguments.files)
    workers.say_twice(list(files.values()))
    ratings = collection.collect_files(key, files)
    if arguments.workers:
        workers.write_workers(arguments.workers, [files[rater] for rater in sorted(files)])
    write_ratings(arguments.output, ratings)
    raters = len({rating.rater for rating in ratings})
    print(f"{arguments.output}: {len(ratings)} ratings by {raters} of {len(key.orders)} raters")


def plan(arguments: argparse.Namespace) -> None:
    differences = power.pilot_differences(arguments.pilot)
    sizes = sorted(set(arguments.raters)), sorted(set(arguments.prompts))
    comparisons = arguments.comparisons or len(differences)
    put_out([power.power_table(power.pilot_variances(differences), arguments.difference, sizes, comparisons, arguments.power,
                               arguments.seed)], arguments.output)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=command.called("rating.py"), description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    maker = commands.add_parser("make", help="write the pages for raters, and the key",
                                description="Writes OUTPUT/raters, a page for each rater, and OUTPUT/key.json.")
    maker.add_argument("conditions", nargs="+", metavar="NAME=SOURCE", help=SOURCE_HELP)
    maker.add_argument("-o", "--output", type=Path, required=True, help="a new or empty folder")
    maker.add_argument("--raters", type=command.positive, required=True,
                       help="how many; an even number balances orders")
    maker.add_argument("--pictures", type=choice.wanted, default=choice.Wanted(1, False), metavar="N|best:N",
                       help="pictures for each prompt and condition, the first N finished ones (default 1), or the N "
                       "best ones by --by")
    maker.add_argument("--by", action="append", default=[], metavar="FILE:COLUMN",
                       help="with best:N: a table that vqclip score wrote, and its column or perceptor; may be repeated")
    maker.add_argument("--rounds", type=command.positive, metavar="N",
                       help="show each rater every prompt N times only, each time of another condition (default: all)")
    maker.add_argument("--repeats", type=command.count, default=0, metavar="N",
                       help="pictures shown twice to each rater, to measure whether they agree with themselves")
    maker.add_argument("--size", type=command.positive, metavar="PIXELS",
                       help="fit all pictures into squares of that side, where their sizes differ")
    maker.add_argument("--side", type=command.positive, metavar="PIXELS", default=320,
                       help="of the square on the screen that pictures fit into, the same for all raters (default 320)")
    maker.add_argument("--linked", action="store_true",
                       help="pictures as files beside the pages, for a web server; else each page holds them and works "
                       "alone")
    maker.add_argument("--title", help=f"of the pages; must not name a condition (default {kit.TITLE!r})")
    maker.add_argument("--questions", type=Path, metavar="FILE",
                       help="YAML: what raters are asked, in place of how well the picture matches the text")
    maker.add_argument("--instruction", type=Path, metavar="FILE",
                       help="a text for raters in place of the built-in one")
    maker.add_argument("--texts", type=Path, metavar="FILE",
                       help="CSV (prompt,text): what raters read in place of prompts that hold weights or other signs")
    maker.add_argument("--seed", type=command.count, help="that names and orders follow from (default: a random one)")
    maker.set_defaults(run=make)

    collector = commands.add_parser("collect", help="join raters' files with the key",
                                    description="Checks raters' files and writes one table of ratings.")
    collector.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what raters saved, JSON or CSV, or results of Mechanical Turk (CSV) or Label Studio (JSON)")
    collector.add_argument("--key", type=Path, required=True, help="the study's key.json")
    collector.add_argument("-o", "--output", type=Path, required=True, help="the table to write, CSV")
    collector.add_argument("--workers", type=Path, metavar="FILE",
                           help="also write who the raters were to their panel, and when: personal, CSV")
    collector.set_defaults(run=collect)

    batcher = commands.add_parser("batch", help="tasks for Mechanical Turk and Label Studio",
                                  description="Writes tasks, one for each picture or pair, of a kit that was made with --linked.")
    batcher.add_argument("--key", type=Path, required=True, help="the study's key.json")
    batcher.add_argument("--address", required=True, help="of the folder raters/pictures on a web server (https://...)")
    batcher.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="the folder to write to")
    batcher.set_defaults(run=put_batch)

    planner = commands.add_parser("power", help="how many raters and prompts a study needs",
                                  description="Simulates studies with the variances of a pilot, and counts those that find a "
                                  "difference.")
    planner.add_argument("pilot", type=Path, metavar="PILOT.csv", help="what collect wrote, or answers to pairs")
    planner.add_argument("--difference", type=command.above_zero, required=True,
                         help="that is to be found, in ratings, or of answers to pairs in preference (0 to 1)")
    planner.add_argument("--raters", type=command.counts, default=[3, 6, 12, 24, 40], metavar="N,N...",
                         help="default 3,6,12,24,40")
    planner.add_argument("--prompts", type=command.counts, default=[4, 8, 12, 24, 40], metavar="N,N...",
                         help="default 4,8,12,24,40")
    planner.add_argument("--comparisons", type=command.positive, metavar="N",
                         help="of the study's table (default: the pilot's)")
    planner.add_argument("--power", type=command.share, default=0.8, metavar="SHARE",
                         help="of studies that are to find it (default 0.8)")
    planner.add_argument("--seed", type=command.count, default=1, help="of the simulation (default 1)")
    planner.add_argument("-o", "--output", type=Path, metavar="DIR", help="also write the table there")
    planner.set_defaults(run=plan)
    return parser


if __name__ == "__main__":
    sys.exit(command.run(build_parser()))
