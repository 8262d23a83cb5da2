"""Studies with questions of their own in a real browser: several questions, pairs. As page_browser.py, of which it has the
raters' hands."""

import json
import time

import page_browser
import support
from key import read_key
from test_checks import make_study
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


class ChecksTest(StudyTest):
    query = "?PROLIFIC_PID=p%207&STUDY_ID=s1&SESSION_ID=x2&other=y"

    @classmethod
    def setUpClass(cls):
        cls.kit, _ = make_study(raters=2)
        cls.key = read_key(cls.kit / "key.json")
        cls.questions = cls.key.form["questions"]
        cls.count = len(cls.key.orders[1]) * len(cls.questions)

    def wanted(self, shift=0, careless=False):
        """Of catch trials what those who look say; the careless say the opposite."""
        answers = super().wanted(shift)
        for place, trial in enumerate(self.key.orders[1]):
            for number, question in enumerate(self.questions):
                if self.key.is_check(trial) and (right := self.key.checks[trial]["answers"].get(question["name"])):
                    wrong = next(one for one in range(1, len(question["labels"]) + 1) if one not in right)
                    answers[place * len(self.questions) + number] = wrong if careless else right[0]
        return answers

    def agree_and_begin(self, driver):
        self.assertFalse(driver.find_element(By.ID, "begin").is_enabled())
        self.press(driver, Keys.SPACE)  # the box has the focus
        self.press(driver, Keys.TAB + Keys.ENTER)

    def rate_all(self, driver, answers):
        for rating in answers:
            self.sight_await(driver)
            self.press(driver, str(rating))
        self.end_await(driver)

    def people(self, path):
        """The ratings, and who the rater was, that collect finds in the file, and what it says."""
        output = support.folder("collected") / "answers.csv"
        workers = output.with_name("workers.csv")
        try:
            _, remarks = support.tool("rating.py", "collect", "--key", self.kit / "key.json", "-o", output, "--workers", workers,
                                      path)
        except AssertionError as error:
            return None, None, str(error)
        return read_rows(output), read_rows(workers)[0], remarks

    def test_from_consent_to_the_completion_code(self):
        driver = self.browser()
        self.assertIn("without your name", driver.find_element(By.ID, "consent").text)
        self.agree_and_begin(driver)
        self.assertIn("Practice 1 of 1", driver.find_element(By.ID, "where").text)
        self.rate_all(driver, self.wanted())
        self.assertFalse(driver.find_element(By.ID, "code").is_displayed())
        path = self.saved(driver)
        self.assertEqual(driver.find_element(By.ID, "code").text, "CODE-7")
        self.assertEqual(driver.find_element(By.ID, "address").get_attribute("href"), "https://panel.example/complete?cc=CODE-7")
        self.assertFalse(driver.find_element(By.ID, "submit").is_displayed())
        content = json.loads(path.read_text())
        self.assertEqual([row["rating"] for row in content["ratings"]], self.wanted())
        self.assertEqual(content["worker"], {"PROLIFIC_PID": "p 7", "STUDY_ID": "s1", "SESSION_ID": "x2"})
        self.assertEqual([event["what"] for event in content["events"]], ["opened", "agreed", "finished", "saved"])
        rows, worker, _ = self.people(path)
        self.assertEqual(worker["PROLIFIC_PID"], "p 7")
        self.assertEqual([worker["width"], worker["height"]], [str(side) for side in content["events"][0]["view"]])
        times = [worker[name] for name in ("opened", "agreed", "finished", "saved")]
        self.assertEqual(times, sorted(times))
        for row in rows:
            place = (int(row["position"]) - 1) * 2 + ("match", "quality").index(row["question"])
            self.assertEqual(int(row["rating"]), self.wanted()[place])
        self.assertEqual(len(rows), 32)

        driver.refresh()  # the code is still there, and what was agreed to
        self.assertTrue(driver.find_element(By.ID, "agree").is_selected())
        self.begin(driver)
        self.assertEqual(driver.find_element(By.ID, "code").text, "CODE-7")

    def test_one_who_does_not_look_is_left_out(self):
        driver = self.browser()
        self.agree_and_begin(driver)
        self.rate_all(driver, self.wanted(1, careless=True))
        _, _, said = self.people(self.saved(driver))
        self.assertIn("rater 1 is left out: failed catch trials (more than 0)", said)

    def test_a_task_of_mechanical_turk(self):
        self.query = "?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=h1"
        driver = self.browser()
        self.assertTrue(driver.find_element(By.ID, "preview").is_displayed())
        driver.find_element(By.ID, "agree").click()
        self.assertFalse(driver.find_element(By.ID, "begin").is_enabled())
        driver.quit()
        task = "?assignmentId=a1&hitId=h1&workerId=w1&turkSubmitTo=https%3A%2F%2F"
        for target, shown in (("workersandbox.mturk.com", True), ("mturk.com.example.org", False)):
            self.query = task + target
            driver = self.browser()
            self.assertEqual(driver.execute_script("return !element('submit').hidden;"), shown)
            if shown:
                self.assertEqual(driver.execute_script("return element('submit').action;"),
                                 "https://workersandbox.mturk.com/mturk/externalSubmit")
                self.assertEqual(driver.execute_script("return element('assignment').value;"), "a1")
                driver.execute_script("element('submit').dispatchEvent(new Event('submit'));")
                sent = json.loads(driver.execute_script("return element('submitted').value;"))
                self.assertEqual(sent["worker"], {"assignmentId": "a1", "hitId": "h1", "workerId": "w1"})
            driver.quit()


if __name__ == "__main__":
    page_browser.unittest.main()
