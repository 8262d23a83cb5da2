"""The raters' page in a real browser: what raters meant is what is collected, however they click. Needs chromium and
selenium (Debian: chromium, chromium-driver, python3-selenium), which the build does not install: page_test.sh skips without."""

import json
import shutil
import time
import unittest

import support
from key import read_key
from test_rating import make, read_rows, rival_folder

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SIGHT = 0.75  # seconds: longer than the page wants a picture to be in sight
PROMPTS = [f"picture {letter} of a thing" for letter in "abcde"]


class Hands(unittest.TestCase):
    """What raters do with a page; `kit`, `key` and `count` are those of a study."""

    query = ""

    @property
    def page(self):
        return self.kit / "raters" / "rater-01.html"

    def browser(self, profile=None, size=(1280, 800), words=()):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        profile = profile or support.folder("profile")
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", *words):
            options.add_argument(word)
        self.downloads = support.folder("downloads")
        options.add_experimental_option("prefs", {"download.default_directory": str(self.downloads)})
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.addCleanup(driver.quit)
        driver.set_window_size(*size)
        driver.get(self.page.as_uri() + self.query)
        return driver

    def begin(self, driver):
        driver.find_element(By.ID, "begin").click()

    def sight_await(self, driver):
        """Until the picture has been in sight long enough."""
        limit = time.monotonic() + 30
        while time.monotonic() < limit:
            if driver.execute_script("clockUpdate(); return !waiting && seconds >= arguments[0];", SIGHT):
                return
            time.sleep(0.02)
        self.fail("no picture came into sight")

    def place(self, driver):
        return driver.execute_script("return place;")

    def button(self, driver, rating):
        return driver.find_element(By.CSS_SELECTOR, f"#scale button:nth-child({rating})")

    def click(self, driver, rating):
        self.sight_await(driver)
        self.button(driver, rating).click()

    def press(self, driver, keys):
        driver.switch_to.active_element.send_keys(keys)

    def end_await(self, driver):
        limit = time.monotonic() + 10
        while time.monotonic() < limit and not driver.find_element(By.ID, "end").is_displayed():
            time.sleep(0.05)

    def saved(self, driver, button="save-json"):
        """The file that the page saves."""
        driver.find_element(By.ID, button).click()
        limit = time.monotonic() + 10
        while time.monotonic() < limit:
            if files := [path for path in self.downloads.iterdir() if path.suffix in (".json", ".csv")]:
                return files[0]
            time.sleep(0.05)
        self.fail("nothing was saved")

    def double_click(self, driver, rating, gap, rest=1.0):
        """A click and a second one after so many seconds, and a rest."""
        first = self.button(driver, rating).rect
        point = {"x": first["x"] + 5, "y": first["y"] + 5, "button": "left"}
        for count in (1, 2):
            for kind in ("mousePressed", "mouseReleased"):
                driver.execute_cdp_cmd("Input.dispatchMouseEvent", {**point, "type": kind, "clickCount": count})
            time.sleep(gap)
        time.sleep(rest)

    def text_await(self, driver, name):
        """Until the element says something."""
        limit = time.monotonic() + 10
        while time.monotonic() < limit and not driver.find_element(By.ID, name).text:
            time.sleep(0.05)


class PageTest(Hands):
    @classmethod
    def setUpClass(cls):
        cls.kit, _ = make(f"one={rival_folder(PROMPTS)}", f"two={rival_folder(PROMPTS)}", "--repeats", 1, raters=2)
        cls.key = read_key(cls.kit / "key.json")
        cls.count = len(cls.key.orders[1])

    def wanted(self, shift=0):
        return [1 + (place + shift) % 5 for place in range(self.count)]

    def collected(self, path):
        output = support.folder("collected") / "ratings.csv"
        support.tool("rating.py", "collect", "--key", self.kit / "key.json", "-o", output, path)
        rows = sorted(read_rows(output), key=lambda row: int(row["position"]))
        return [int(row["rating"]) for row in rows]

    def test_a_mouse_and_the_files_of_both_kinds(self):
        driver = self.browser()
        self.begin(driver)
        for rating in self.wanted():
            self.click(driver, rating)
        self.end_await(driver)
        self.assertEqual(self.collected(self.saved(driver)), self.wanted())
        self.assertIn("Saved as", driver.find_element(By.ID, "saved").text)
        self.downloads.joinpath(next(self.downloads.iterdir()).name).unlink()
        self.assertEqual(self.collected(self.saved(driver, "save-csv")), self.wanted())

    def test_a_keyboard_alone_and_an_answer_that_is_changed(self):
        driver = self.browser()
        self.press(driver, Keys.ENTER)  # Begin has the focus
        for number, rating in enumerate(self.wanted(1)):
            self.sight_await(driver)
            self.press(driver, str(rating))
            if number == 3:
                self.sight_await(driver)
                self.press(driver, Keys.ARROW_LEFT)
                self.sight_await(driver)
                self.press(driver, "5")
        self.end_await(driver)
        wanted = self.wanted(1)
        wanted[3] = 5
        path = self.saved(driver)
        self.assertEqual(self.collected(path), wanted)
        answers = json.loads(path.read_text())["answers"]
        self.assertEqual(len(answers), self.count + 1)  # the first one is not forgotten
        self.assertEqual({tuple(answer["shown"]) for answer in answers}, {(320, 213)})  # of 24 × 16

    def test_a_second_click_rates_nothing(self):
        """A double click of any speed: its second click comes before the next picture, or just as it is there."""
        for gap in (0.2, 0.3, 0.4, 0.5):
            driver = self.browser()
            self.begin(driver)
            self.sight_await(driver)
            self.double_click(driver, 2, gap)
            self.assertEqual(driver.execute_script("return ratings.filter(entry => entry !== null).length;"), 1, gap)
            self.assertEqual(self.place(driver), 1, gap)
            driver.quit()

    def test_what_is_not_in_sight_is_not_rated(self):
        driver = self.browser()
        self.begin(driver)
        self.press(driver, "3")
        self.assertEqual(self.place(driver), 0)
        driver.execute_script("painted = false; clockUpdate(); seconds = 0;")
        time.sleep(1.0)
        self.press(driver, "3")
        time.sleep(0.5)
        self.assertEqual(self.place(driver), 0)

    def test_two_tabs_keep_what_both_were_told(self):
        driver = self.browser()
        self.begin(driver)
        for rating in (1, 2, 3):
            self.click(driver, rating)
        first = driver.current_window_handle
        driver.switch_to.new_window("tab")
        driver.get((self.kit / "raters" / "rater-01.html").as_uri())
        self.assertIn(f"{self.count - 3} of {self.count} left", driver.find_element(By.ID, "begin").text)
        self.begin(driver)
        for rating in (4, 5):
            self.click(driver, rating)
        driver.switch_to.window(first)
        self.click(driver, 1)  # the fourth picture once more, later than the other tab's 4
        self.sight_await(driver)
        self.assertTrue(driver.find_element(By.ID, "twice").is_displayed())
        driver.refresh()
        self.assertIn(f"{self.count - 5} of {self.count} left", driver.find_element(By.ID, "begin").text)
        found = driver.execute_script("return ratings.filter(entry => entry).map(entry => entry.rating);")
        self.assertEqual(found, [1, 2, 3, 1, 5])
        self.assertEqual(driver.execute_script("return answers.length;"), 6)

    def test_closing_and_going_on_here_and_on_a_second_device(self):
        profile = support.folder("profile")
        driver = self.browser(profile)
        self.begin(driver)
        for rating in self.wanted()[:3]:
            self.click(driver, rating)
        self.sight_await(driver)
        driver.quit()
        driver = self.browser(profile)
        self.begin(driver)
        self.assertEqual(self.place(driver), 3)
        self.click(driver, self.wanted()[3])
        self.sight_await(driver)
        driver.execute_script("document.querySelector('#rate details').open = true;")
        part = self.saved(driver, "save-part")
        self.assertIn("Saved as", driver.find_element(By.ID, "saved-part").text)
        driver.quit()

        driver = self.browser(size=(400, 800))
        driver.execute_script("document.querySelector('#start details').open = true;")
        other = support.folder("other") / "other.json"
        other.write_text(part.read_text().replace(self.key.study, "0" * 12))
        driver.find_element(By.ID, "file").send_keys(str(other))
        time.sleep(0.3)
        self.assertIn("another study", driver.find_element(By.ID, "loaded").text)
        driver.find_element(By.ID, "file").send_keys(str(part))
        time.sleep(0.3)
        self.assertIn(f"4 of {self.count} pictures", driver.find_element(By.ID, "loaded").text)
        self.begin(driver)
        for rating in self.wanted()[4:]:
            self.click(driver, rating)
        self.end_await(driver)
        whole = self.saved(driver)
        self.assertEqual(self.collected(whole), self.wanted())
        output = support.folder("collected") / "ratings.csv"
        _, remarks = support.tool("rating.py", "collect", "--key", self.kit / "key.json", "-o", output, part, whole)
        self.assertIn("holds all of", remarks)

    def test_without_storage_it_is_said_and_works(self):
        driver = self.browser()
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {
            "source": "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no storage'); }});"})
        driver.refresh()
        self.assertTrue(driver.find_element(By.ID, "unsaved").is_displayed())
        self.begin(driver)
        for rating in self.wanted(2):
            self.click(driver, rating)
        self.end_await(driver)
        self.assertEqual(self.collected(self.saved(driver)), self.wanted(2))


if __name__ == "__main__":
    unittest.main()
