"""A report's page in a real browser: what people find in it by mouse, keyboard and phone is what the archive holds. Needs
chromium and selenium (Debian: chromium, chromium-driver, python3-selenium); report_browser.sh skips without.

    report_browser.py VQCLIP REPORT_ARCHIVE              the tests
    report_browser.py VQCLIP REPORT_ARCHIVE figures DIR  2000 renders: seconds to make, to open and to scroll; pictures of
                                                         the page go into the folder
"""

import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import h5py

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

VQCLIP, REPORT_ARCHIVE = sys.argv[1:3]
DESKTOP, PHONE = (1280, 900), (360, 740)
FAILED, EVERY = 7, 50  # report_study.h: which renders have failed
IN_SIGHT = """
const cards = [...document.querySelectorAll(".card")].filter(card => card.getBoundingClientRect().top < innerHeight);
const ready = card => card.querySelector(".note") || [...card.querySelectorAll("img")].some(image => image.complete && image.naturalWidth);
return cards.length > 0 && cards.every(ready);"""
SCROLLED = """
const done = arguments[0], gaps = [];
let last = performance.now(), rest = 240;
const step = now => {
  gaps.push(now - last);
  last = now;
  scrollBy(0, 250);
  if (--rest > 0)
    requestAnimationFrame(step);
  else
    done(gaps.slice(1).sort((a, b) => a - b));
};
requestAnimationFrame(step);"""


def archive_make(path, prompts, seeds, side, steps, snapshots, kind="plain"):
    numbers = [str(number) for number in (prompts, seeds, side, steps, snapshots)]
    subprocess.run([REPORT_ARCHIVE, str(path), *numbers, kind], check=True)
    return path


def report_make(page, *archives, full=200):
    words = [VQCLIP, "report", *map(str, archives), "-o", str(page), "--full", str(full)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return page


def browser_start(size, waits="normal"):
    options = webdriver.ChromeOptions()
    options.page_load_strategy = waits
    options.binary_location = shutil.which("chromium")
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    return driver


def until(condition, limit=20.0):
    """The seconds until the condition holds; None where it never does."""
    start = time.monotonic()
    while time.monotonic() < start + limit:
        if condition():
            return time.monotonic() - start
        time.sleep(0.02)
    return None


class ReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        one = archive_make(cls.folder / "one.h5", 6, 5, 48, 8, 2, "hostile")
        two = archive_make(cls.folder / "two.h5", 6, 4, 200, 8, 2)
        cls.single = report_make(cls.folder / "one.html", one)
        cls.both = report_make(cls.folder / "both.html", one, two)
        cls.count = 6 * 5 * 2

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def browser(self, page=None, size=DESKTOP):
        driver = browser_start(size)
        self.addCleanup(driver.quit)
        driver.get((page or self.single).as_uri())
        return driver

    def one(self, driver, selector):
        return driver.find_element(By.CSS_SELECTOR, selector)

    def said(self, driver, selector):
        return self.one(driver, selector).text

    def choose(self, driver, name, text):
        """The choice in the filter of that name."""
        for option in self.one(driver, f"select[name='{name}']").find_elements(By.TAG_NAME, "option"):
            if option.text == text:
                option.click()
                return
        self.fail(f"{name}: no choice {text}")

    def press(self, driver, keys):
        driver.switch_to.active_element.send_keys(keys)

    def quiet(self, driver):
        """Nothing ran that should not, nothing was loaded, no error was reported."""
        self.assertTrue(driver.title.endswith(" · vqclip report"))
        self.assertEqual(driver.get_log("browser"), [])
        resources = driver.execute_script(
            "return performance.getEntriesByType('resource').map(entry => entry.name).filter(name => !name.startsWith('data:'));")
        self.assertEqual(resources, [])

    def test_everything_is_shown_and_hostile_texts_are_texts(self):
        driver = self.browser()
        self.assertIsNotNone(until(lambda: driver.execute_script(IN_SIGHT)))
        self.assertEqual(self.said(driver, "#count"), f"{self.count} renders")
        self.assertIn("56 of 60 renders done, 2 failed, 2 not finished", self.said(driver, "#summary"))
        self.assertIn("</title><script>", self.said(driver, "#title"))
        words = [element.text for element in driver.find_elements(By.CSS_SELECTOR, ".words")]
        self.assertTrue(any("</script><script>document.title" in text for text in words))
        self.one(driver, ".card").click()
        self.one(driver, "#close").click()
        self.one(driver, "#about-open").click()
        self.assertIn("script>.safetensors", self.said(driver, "#about-body"))
        self.assertNotIn("somebody", driver.page_source)
        self.quiet(driver)

    def test_filters_leave_what_they_say(self):
        driver = self.browser()
        self.choose(driver, "seed", driver.execute_script("return renders[4].seed;"))
        self.assertEqual(self.said(driver, "#count"), f"{self.count // 5} of {self.count} renders")
        self.choose(driver, "optimizer.lr", "0.1")
        self.assertEqual(self.said(driver, "#count"), f"{self.count // 10} of {self.count} renders")
        self.one(driver, "#reset").click()
        self.assertIsNotNone(until(lambda: self.said(driver, "#count") == f"{self.count} renders"))
        self.choose(driver, "category", "animals")
        category = driver.execute_script("return [...new Set(items.map(render => render.category))];")
        self.assertEqual(category, ["animals"])
        self.one(driver, "#reset").click()
        self.one(driver, "#search").send_keys("no such words")
        self.assertIsNotNone(until(lambda: self.one(driver, "#nothing").is_displayed()))
        self.quiet(driver)

    def test_a_failure_has_its_reason(self):
        driver = self.browser()
        self.choose(driver, "state", "failed")
        self.assertEqual(driver.execute_script("return items.map(render => render.number % 50);"),
                         [FAILED] * len(range(FAILED, self.count, EVERY)))
        self.assertIn("failed: step 3: </script>", self.said(driver, ".card .note"))
        self.assertEqual(driver.find_elements(By.CSS_SELECTOR, ".card img"), [])
        self.one(driver, ".card").click()
        self.assertIn("step 3: </script>", self.said(driver, "#facts"))
        self.quiet(driver)

    def test_the_keyboard_alone(self):
        driver = self.browser()
        self.press(driver, "/")
        self.assertEqual(driver.switch_to.active_element.get_attribute("id"), "search")
        driver.execute_script("document.querySelector('.card').focus();")
        self.press(driver, Keys.ARROW_RIGHT)
        self.press(driver, Keys.ARROW_DOWN)
        place = driver.execute_script("return current;")
        self.assertEqual(place, 1 + driver.execute_script("return columns;"))
        self.press(driver, Keys.ENTER)
        self.assertTrue(self.one(driver, "#viewer").is_displayed())
        self.press(driver, Keys.ARROW_RIGHT)
        self.assertIn(f"#{place + 1} ", self.said(driver, "#viewer-detail"))
        self.press(driver, Keys.ESCAPE)
        self.assertFalse(self.one(driver, "#viewer").is_displayed())
        self.assertEqual(driver.execute_script("return current;"), place + 1)
        self.press(driver, Keys.END)
        self.assertEqual(driver.execute_script("return current;"), self.count - 1)
        self.assertIn(f"#{self.count - 1} ", driver.switch_to.active_element.text)
        self.press(driver, Keys.HOME)
        self.assertEqual(driver.execute_script("return [current, scrollY < innerHeight];"), [0, True])
        self.quiet(driver)

    def test_one_render_has_its_picture_losses_and_snapshots(self):
        driver = self.browser()
        self.one(driver, ".card").click()
        self.assertIsNotNone(until(lambda: driver.find_elements(By.CSS_SELECTOR, "#losses svg")))
        self.assertIn("step 8", self.said(driver, "#losses"))
        self.assertIn("total", self.said(driver, "#losses"))
        strip = driver.find_elements(By.CSS_SELECTOR, "#film button")
        self.assertEqual(len(strip), 3)
        whole = self.one(driver, "#viewer-picture img").get_attribute("src")
        strip[0].click()
        self.assertNotEqual(self.one(driver, "#viewer-picture img").get_attribute("src"), whole)
        self.assertEqual(len(driver.find_elements(By.CSS_SELECTOR, "#same button")), 1)  # the other learning rate
        self.quiet(driver)

    def test_side_by_side(self):
        driver = self.browser(self.both)
        self.one(driver, "#mode option[value='pairs']").click()
        pairs = driver.execute_script("return items.map(render => render && [render.a, render.prompt, render.seed]);")
        self.assertGreater(len(pairs), 0)
        for left, right in zip(pairs[0::2], pairs[1::2]):
            self.assertTrue(left is None or left[0] == 0)
            self.assertTrue(right is None or right[0] == 1)
            self.assertTrue(left is None or right is None or left[1:] == right[1:])
        single = self.browser()
        self.one(single, "#mode option[value='pairs']").click()
        rates = single.execute_script("return items.map(render => valueOf(render, 'optimizer.lr'));")
        self.assertEqual(rates, ["0.1", "0.5"] * (self.count // 2))
        self.quiet(driver)

    def test_a_phone(self):
        driver = self.browser(self.both, PHONE)
        self.assertIsNotNone(until(lambda: driver.execute_script(IN_SIGHT)))
        for element in (".card", "#close"):
            self.assertLessEqual(driver.execute_script("return document.documentElement.scrollWidth;"), 360)
            self.one(driver, element).click()
        self.one(driver, ".card").click()
        box = self.one(driver, "#viewer").rect
        self.assertEqual(box["height"], 740)
        self.assertGreaterEqual(box["width"], 340)  # but for room for a scroll bar, which phones lay over the page
        for element in ("#close", "#viewer-picture img", "#losses svg"):
            inner = self.one(driver, element).rect
            self.assertLessEqual(inner["x"] + inner["width"], box["x"] + box["width"])
        self.assertGreaterEqual(self.one(driver, "#next").rect["height"], 44)
        self.quiet(driver)

    def test_light_and_dark(self):
        driver = self.browser()
        colour = "return getComputedStyle(document.body).backgroundColor;"
        light = driver.execute_script(colour)
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        dark = driver.execute_script(colour)
        self.assertNotEqual(light, dark)
        self.one(driver, "#theme").click()
        self.assertEqual(driver.execute_script(colour), light)
        self.one(driver, "#theme").click()
        self.assertEqual(driver.execute_script(colour), dark)
        self.quiet(driver)

    def test_damage_is_said(self):
        path = archive_make(self.folder / "damaged.h5", 2, 2, 48, 4, 0)
        with h5py.File(path) as archive:
            offset = archive["shape_0/picture"].id.get_offset()
        with open(path, "r+b") as file:
            file.seek(offset + 3 * 48 * 48 + 100)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 1]))
        page = self.folder / "damaged.html"
        result = subprocess.run([VQCLIP, "report", path, "-o", page], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("1 renders are damaged", result.stderr)
        driver = self.browser(page)
        self.choose(driver, "state", "damaged")
        self.assertEqual(driver.execute_script("return items.map(render => render.number);"), [1])
        self.assertIn("damaged", self.said(driver, ".card .note"))
        self.assertEqual(driver.find_elements(By.CSS_SELECTOR, ".card img"), [])
        self.quiet(driver)


def page_open(page, size):
    """The browser, and the seconds until every card in sight has its picture."""
    driver = browser_start(size, "none")
    start = time.monotonic()
    driver.get(page.as_uri())
    until(lambda: driver.execute_script(IN_SIGHT))
    return driver, time.monotonic() - start


def pages_show(folder, scratch):
    """Pictures of the page, as people meet it."""
    archives = [archive_make(scratch / f"{name}.h5", 12, 4, 192, 120, 5) for name in ("one", "two")]
    page = report_make(scratch / "pages.html", *archives)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    pairs = "#mode option[value='pairs']"
    for name, size, pressed, media in (("gallery-light", DESKTOP, None, {}), ("pairs-dark", DESKTOP, pairs, dark),
                                       ("render-dark", DESKTOP, ".card", dark), ("gallery-phone-dark", PHONE, None, dark),
                                       ("render-phone-light", PHONE, ".card", {})):
        driver, _ = page_open(page, size)
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        if pressed:
            driver.find_element(By.CSS_SELECTOR, pressed).click()
        time.sleep(1)
        (folder / f"{name}.png").write_bytes(driver.get_screenshot_as_png())
        driver.quit()


def figures(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        pages_show(folder, pathlib.Path(name))
        for snapshots in (0, 4):
            archive = archive_make(pathlib.Path(name) / "large.h5", 100, 10, 256, 200, snapshots)
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            page = report_make(archive.with_suffix(".html"), archive)
            made, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
            computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            driver, opened = page_open(page, DESKTOP)
            loaded = until(lambda: driver.execute_script("return document.readyState === 'complete';")) + opened
            gaps = driver.execute_async_script(SCROLLED)
            print(f"{snapshots} snapshots: {page.stat().st_size / 1e6:.0f} MB, made in {made:.1f} s ({computed:.1f} s of processors), "
                  f"pictures in sight after {opened:.2f} s, all loaded after {loaded:.2f} s; between frames while scrolling: "
                  f"median {gaps[len(gaps) // 2]:.0f} ms, 95 of 100 below {gaps[len(gaps) * 95 // 100]:.0f} ms", flush=True)
            driver.quit()
            archive.unlink()


if __name__ == "__main__":
    if sys.argv[3:4] == ["figures"]:
        figures(pathlib.Path(sys.argv[4]))
    else:
        unittest.main(argv=sys.argv[:1] + sys.argv[3:])
