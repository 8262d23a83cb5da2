"""What a rater's page says besides the study's own texts, in English. A file of questions may say it in another language.

{n}, {of}, {left}, {highest}, {file}, {where} and {study} stand for what the page puts there.
"""

import re

WORDS = {
    "unsaved": "This browser does not keep your answers when the page is closed. Answer everything in one go, or save what "
               "you have before you close it.",
    "twice": "This page is open in another tab as well. Both keep the same answers; where they differ, the later one counts. "
             "Please close one of them.",
    "preview": "This is a preview. Accept the task before you begin.",
    "agree": "I have read this and take part.",
    "keys": "On a keyboard: 1 to {highest} answer and go on, ← and → go back and forward.",
    "return": "You can go back and change an answer, and close the page and go on later in the same browser. Nothing is sent "
              "anywhere: at the end you save your answers as a file and return it to whoever asked you.",
    "begin": "Begin: {n} pictures",
    "begin_pairs": "Begin: {n} pairs",
    "go_on": "Go on: {left} of {n} left",
    "finish": "Finish",
    "other_device": "Go on with answers that were saved on another device",
    "who": "Rater {n}, study {study}",
    "practice": "Practice {n} of {of}: these answers do not count",
    "where": "Picture {n} of {of}",
    "where_pairs": "Pair {n} of {of}",
    "which_question": "question {n} of {of}",
    "left": "{left} left to answer",
    "all_answered": "all are answered",
    "broken": "This picture could not be loaded. Please tell whoever asked you; do not go on without it.",
    "back": "← Back",
    "forward": "Forward →",
    "more": "What the answers mean, and saving before the end",
    "save_part": "Save the answers so far",
    "answered": "Answered: {n}.",
    "thanks": "Thank you",
    "end": "All {n} questions are answered.",
    "end_save": "Save your answers and return the file to whoever asked you. Either format will do.",
    "save": "Save answers",
    "save_csv": "Save as CSV",
    "saved": "Saved as {file}, where your browser puts downloads.",
    "code": "Your completion code:",
    "to_panel": "Return to the panel",
    "submit": "Submit",
    "copy": "Saving does not work here",
    "copy_text": "Copy this text and return it instead:",
    "change": "← Look at the answers again",
    "not_saved_here": "This is not a file that this page saved.",
    "of_another": "This file is of another study, or of another rater's page.",
    "loaded": "{n} of {of} pictures are answered now.",
}


def places(text: str) -> set[str]:
    """The names in braces."""
    return set(re.findall(r"\{(\w+)\}", text))
