"""Studies with questions of their own in a real browser: several questions, pairs. As page_browser.py, of which it has the
raters' hands."""

import json
import time

import page_browser
import support
from key import read_key
from test_questions import TWO, make_asking
from test_rating import read_rows
from test_trials import PAIRS

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


class StudyTest(page_browser.Hands):
    content = TWO

    @classmethod
    def setUpClass(cls):
        cls.kit, _ = make_asking(cls.content)
        cls.key = read_key(cls.kit / "key.json")
        cls.questions = cls.key.form["questions"]
        cls.count = len(cls.key.orders[1]) * len(cls.questions)

    def wanted(self, shift=0):
        """An answer for each place; 0 where the question lets raters say that they cannot tell."""
        answers = []
        for place in range(self.count):
            question = self.questions[place % len(self.questions)]
            lowest = 0 if question["cannot_tell"] else 1
            answers.append(lowest + (place + shift) % (len(question["labels"]) + 1 - lowest))
        return answers

    def button(self, driver, rating):
        return driver.find_element(By.ID, "cannot") if rating == 0 else super().button(driver, rating)

    def collected(self, path):
        """The answers that collect finds in the file, by place, with 0 for those who could not tell."""
        output = support.folder("collected") / "answers.csv"
        support.tool("rating.py", "collect", "--key", self.kit / "key.json", "-o", output, path)
        names = [question["name"] for question in self.questions]
        rows = sorted(read_rows(output), key=lambda row: (int(row["position"]), names.index(row["question"])))
        return [self.answer(row) for row in rows]

    def answer(self, row):
        return int(row["rating"] or 0)


class QuestionsTest(StudyTest):
    def test_a_mouse_and_the_files_of_both_kinds(self):
        driver = self.browser()
        self.assertEqual(driver.find_element(By.ID, "begin").text, f"Start: {self.count // 2}")
        self.begin(driver)
        for rating in self.wanted():
            self.click(driver, rating)
        self.end_await(driver)
        path = self.saved(driver)
        self.assertEqual(self.collected(path), self.wanted())
        path.unlink()
        self.assertEqual(self.collected(self.saved(driver, "save-csv")), self.wanted())

    def test_a_keyboard_alone_and_an_answer_that_is_changed(self):
        driver = self.browser()
        self.press(driver, Keys.ENTER)
        for number, rating in enumerate(self.wanted(1)):
            self.sight_await(driver)
            if number == 0:
                self.press(driver, "7")  # the first question has three labels, and no 0
                self.press(driver, "0")
                self.assertEqual(self.place(driver), 0)
            self.press(driver, str(rating))
            if number == 3:
                for _ in range(2):
                    self.sight_await(driver)
                    self.press(driver, Keys.ARROW_LEFT)
                for again in (1, 5):  # the second picture's first question, the second picture's second one
                    self.sight_await(driver)
                    self.press(driver, str(again))
        self.end_await(driver)
        wanted = self.wanted(1)
        wanted[2:4] = [1, 5]
        path = self.saved(driver)
        self.assertEqual(self.collected(path), wanted)
        self.assertEqual(len(json.loads(path.read_text())["answers"]), self.count + 2)

    def test_a_second_click_answers_no_second_question(self):
        for gap in (0.2, 0.3, 0.4, 0.5):
            driver = self.browser()
            self.begin(driver)
            self.sight_await(driver)
            self.double_click(driver, 2, gap)
            self.assertEqual(self.place(driver), 1, gap)
            driver.quit()

    def test_a_phone_and_going_on_later(self):
        profile = support.folder("profile")
        driver = self.browser(profile, (390, 780))
        self.begin(driver)
        for rating in self.wanted(2)[:5]:
            self.click(driver, rating)
        self.sight_await(driver)
        self.assertEqual(driver.execute_script("return document.documentElement.scrollWidth <= innerWidth;"), True)
        driver.quit()
        driver = self.browser(profile, (390, 780))
        self.begin(driver)
        for rating in self.wanted(2)[5:]:
            self.click(driver, rating)
        self.end_await(driver)
        self.assertEqual(self.collected(self.saved(driver)), self.wanted(2))


class PairsTest(StudyTest):
    content = PAIRS

    def answer(self, row):
        return {"": 0, "1": 1, "0": 2, "-1": 3}[row["answer"]]

    def test_a_mouse(self):
        driver = self.browser()
        self.begin(driver)
        self.sight_await(driver)
        left, right = (driver.find_element(By.ID, name).rect for name in ("picture", "right"))
        self.assertEqual((left["width"], left["height"], left["y"]), (right["width"], right["height"], right["y"]))
        self.assertGreaterEqual(right["x"], left["x"] + left["width"])
        for place, rating in enumerate(self.wanted()):
            self.sight_await(driver)
            shown = driver.execute_script("return pictures.map(picture => picture.src);")
            names = self.key.orders[1][place].split()
            self.assertEqual(shown, driver.execute_script("return arguments[0].map(name => study.pictures[name]);", names))
            self.click(driver, rating)
        self.end_await(driver)
        self.assertEqual(self.collected(self.saved(driver)), self.wanted())

    def test_a_keyboard_on_a_phone(self):
        driver = self.browser(size=(390, 780))
        self.press(driver, Keys.ENTER)
        for rating in self.wanted(3):
            self.sight_await(driver)
            self.press(driver, str(rating))
        self.end_await(driver)
        self.assertEqual(self.collected(self.saved(driver)), self.wanted(3))

    def test_a_pair_of_which_one_picture_is_out_of_sight_is_not_answered(self):
        driver = self.browser()
        self.begin(driver)
        driver.execute_script("element('right').style.transform = 'translateX(200vw)';")
        time.sleep(0.2)
        driver.execute_script("clockUpdate(); seconds = 0;")
        time.sleep(1.0)
        self.press(driver, "1")
        time.sleep(0.5)
        self.assertEqual(self.place(driver), 0)


del StudyTest  # has no cases of its own

if __name__ == "__main__":
    page_browser.unittest.main()
