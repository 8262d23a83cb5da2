"""Two studies as 24 raters would answer them in a real browser, from `make` to the table: with a mouse, keys, a phone, double
clicks, in two tabs, on two devices, coming back later, without storage, and one who does not look. What they meant is what is
collected."""

import page_study_browser
import support
from key import read_key
from test_checks import QUESTIONS, study_file
from test_rating import make, read_rows, rival_folder
from test_trials import PAIRS

from selenium.webdriver.common.by import By

PHONE = (390, 780)
RULES = "exclude:\n  failed catch: 0\n"


class Raters(page_study_browser.StudyTest):
    """One study with many raters; each method answers a page in a way of its own and returns the saved file."""

    def make(self, content, raters, letters="abc"):
        prompts = [f"picture {letter} of a thing" for letter in letters]
        sources = [f"{name}={rival_folder(prompts)}" for name in ("quagga", "okapi")]
        self.kit, _ = make(*sources, "--questions", study_file(content), raters=raters)
        self.key = read_key(self.kit / "key.json")
        self.questions = self.key.form["questions"]
        self.consent = bool(self.key.form["consent"])
        self.count = len(self.key.orders[1]) * len(self.questions)

    @property
    def page(self):
        return self.kit / "raters" / f"rater-{self.rater:02d}.html"

    def meant(self, rater, careless=False):
        """An answer for each place, of catch trials the right one unless the rater does not look."""
        answers = self.wanted(3 * rater)
        for place, trial in enumerate(self.key.orders[rater]):
            for number, question in enumerate(self.questions):
                if self.key.is_check(trial) and (right := self.key.checks[trial]["answers"].get(question["name"])):
                    wrong = next(one for one in range(1, len(question["labels"]) + 1) if one not in right)
                    answers[place * len(self.questions) + number] = wrong if careless else right[0]
        return answers

    def start(self, driver):
        if self.consent and not driver.find_element(By.ID, "agree").is_selected():
            driver.find_element(By.ID, "agree").click()
        self.begin(driver)

    def finish(self, driver):
        self.end_await(driver)
        path = self.saved(driver)
        driver.quit()
        return path

    def with_mouse(self, answers, **browser):
        driver = self.browser(**browser)
        self.start(driver)
        for rating in answers:
            self.click(driver, rating)
        return self.finish(driver)

    def with_keys(self, answers):
        driver = self.browser()
        if self.consent:
            self.press(driver, " ")
            self.press(driver, "\t\n")
        else:
            self.press(driver, "\n")
        for rating in answers:
            self.sight_await(driver)
            self.press(driver, str(rating))
        return self.finish(driver)

    def with_phone(self, answers):
        return self.with_mouse(answers, size=PHONE)

    def with_double_clicks(self, gap):
        def answer(answers):
            driver = self.browser()
            self.start(driver)
            for rating in answers:
                self.sight_await(driver)
                driver.execute_script("arguments[0].scrollIntoView({block: 'nearest'});", self.button(driver, rating))
                self.double_click(driver, rating, gap, rest=0)
            return self.finish(driver)
        return answer

    def with_a_break(self, answers):
        profile = support.folder("profile")
        for part in (slice(0, 4), slice(4, 7)):
            driver = self.browser(profile)
            self.start(driver)
            for rating in answers[part]:
                self.click(driver, rating)
            self.sight_await(driver) if part.stop < self.count else None
            driver.quit()
        return self.with_mouse_on(profile, answers[7:])

    def with_mouse_on(self, profile, answers):
        driver = self.browser(profile)
        self.start(driver)
        for rating in answers:
            self.click(driver, rating)
        return self.finish(driver)

    def with_two_tabs(self, answers):
        """The first tab answers two, the second the next two; the first, behind, the third once more, and then the rest."""
        driver = self.browser()
        self.start(driver)
        for rating in answers[:2]:
            self.click(driver, rating)
        self.sight_await(driver)
        first = driver.current_window_handle
        driver.switch_to.new_window("tab")
        driver.get(self.page.as_uri())
        self.start(driver)
        for rating in (1, answers[3]):  # the first of them meant otherwise later
            self.click(driver, rating)
        driver.switch_to.window(first)
        self.click(driver, answers[2])
        for rating in answers[3:]:
            self.click(driver, rating)
        return self.finish(driver)

    def with_two_devices(self, answers):
        driver = self.browser()
        self.start(driver)
        for rating in answers[:4]:
            self.click(driver, rating)
        self.sight_await(driver)
        driver.execute_script("document.querySelector('#rate details').open = true;")
        part = self.saved(driver, "save-part")
        driver.quit()
        driver = self.browser(size=PHONE)
        driver.execute_script("document.querySelector('#start details').open = true;")
        driver.find_element(By.ID, "file").send_keys(str(part))
        self.text_await(driver, "loaded")
        self.start(driver)
        for rating in answers[4:]:
            self.click(driver, rating)
        return self.finish(driver)

    def without_storage(self, answers):
        driver = self.browser()
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {
            "source": "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no storage'); }});"})
        driver.refresh()
        self.start(driver)
        for rating in answers:
            self.click(driver, rating)
        return self.finish(driver)

    def answered(self, ways, careless=None):
        """A file of each rater, rater -> the answers that they meant, and what collect writes and says of all."""
        meant = {rater: self.meant(rater, rater == careless) for rater in self.key.orders}
        files = []
        for self.rater, way in enumerate(ways, 1):
            with self.subTest(rater=self.rater):
                files.append(way(meant[self.rater]))
        output = support.folder("collected") / "answers.csv"
        told, remarks = support.tool("rating.py", "collect", "--key", self.kit / "key.json", "-o", output, *files)
        self.assertEqual(len(files), len(ways))
        return meant, read_rows(output), told, remarks

    def compare(self, meant, rows, left_out=()):
        """Every answer of every rater is there, once, and is what was meant."""
        names = [question["name"] for question in self.questions]
        found = {}
        for row in rows:
            place = (int(row["position"]) - 1) * len(names) + names.index(row["question"])
            self.assertNotIn((int(row["rater"]), place), found)
            found[int(row["rater"]), place] = self.answer(row)
        wanted = {(rater, place): rating for rater, answers in meant.items() if rater not in left_out
                  for place, rating in enumerate(answers)
                  if not self.key.is_check(self.key.orders[rater][place // len(names)])}
        self.assertEqual(found, wanted)
        return len(found)


class QuestionsOfManyTest(Raters):
    def test_seventeen_raters(self):
        self.make(QUESTIONS.partition("exclude")[0] + RULES, 17)
        ways = [self.with_mouse, self.with_keys, self.with_phone, self.with_mouse, self.with_keys, self.with_phone,
                *map(self.with_double_clicks, (0.2, 0.3, 0.4, 0.5)), self.with_a_break, self.with_two_tabs,
                self.with_two_devices, self.without_storage, self.with_mouse, self.with_keys, self.with_keys]
        meant, rows, told, remarks = self.answered(ways, careless=17)
        self.assertIn("rater 17 is left out: failed catch trials (more than 0)", remarks)
        self.assertNotIn("missing", remarks)
        self.assertEqual(self.compare(meant, rows, left_out=(17,)), 16 * 12)
        self.assertIn("left out 1 of 17 raters", rows[0]["note"])


class PairsOfManyTest(Raters):
    def answer(self, row):
        return {"": 0, "1": 1, "0": 2, "-1": 3}[row["answer"]]

    def test_seven_raters(self):
        self.make(PAIRS, 7, "abcdefgh")
        ways = [self.with_mouse, self.with_keys, self.with_phone, self.with_double_clicks(0.3), self.with_a_break,
                self.with_two_tabs, self.with_two_devices]
        meant, rows, told, remarks = self.answered(ways)
        self.assertNotIn("missing", remarks)
        self.assertEqual(self.compare(meant, rows), 7 * 8)


if __name__ == "__main__":
    page_study_browser.page_browser.unittest.main()
