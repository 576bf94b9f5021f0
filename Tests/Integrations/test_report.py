"""The page that `agent report` writes, in headless Chromium: what it shows, whether everybody can read it, and that nothing in it runs."""

import pathlib
import shutil
import tempfile
import unittest

from lab import Lab, able

ATTACK = "</code></mark><script>document.title='owned'</script><img src=http://192.0.2.1/x onerror=\"document.title='owned'\">"


def browser(dark):
    from selenium import webdriver
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,1000", "--allow-file-access-from-files"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    driver.set_script_timeout(600)
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    return driver


@unittest.skipIf(able(), able())
class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab("r")
        cls.addClassCleanup(cls.lab.down)
        cls.lab.up()
        cls.scratch = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        # A host with a history, an open relay, a queue, and a file that would be markup.
        cls.lab("break", "all")
        cls.lab.run("agent", "apply", "--yes")
        cls.lab.run("agent", "rollback", "--allow-insecure", "--yes")
        cls.lab.shell(
            f"""cat >>/etc/postfix/main.cf <<'END'
# {ATTACK}
mynetworks = 0.0.0.0/0
# {ATTACK}
smtpd_banner = $myhostname ESMTP {ATTACK}
END
""")
        cls.page = cls.scratch / "report.html"
        status, _, errors = cls.lab.run("agent", "report", "--html", "/root/report.html", "--probe")
        assert status == 0, errors
        shutil.copy(cls.lab.root / "root/report.html", cls.page)
        cls.drivers = {}
        for theme in ("light", "dark"):
            cls.drivers[theme] = browser(theme == "dark")
            cls.addClassCleanup(cls.drivers[theme].quit)
            cls.drivers[theme].get(cls.page.as_uri())

    def text(self, selector):
        return [each.text for each in self.drivers["light"].find_elements("css selector", selector)]

    def test_it_shows_verdict_lines_matrix_difference_timeline_and_queue(self):
        self.assertEqual(self.text("h1"), ["mail.hosted.example"])
        self.assertIn("Open: this host relays mail for strangers", self.text(".verdict")[0])
        self.assertIn("mynetworks = 0.0.0.0/0", self.text("mark"))
        self.assertEqual(
            self.text("h2"),
            ["What was found", "What was seen from outside", "What is to be done", "What waits in the queue",
             "What was changed"])
        self.assertGreater(len(self.text(".matrix tbody tr")), 40)
        self.assertIn("− mynetworks = 0.0.0.0/0", [each.strip() for each in self.text(".difference td:has(del)")] +
                      ["− " + each.strip() for each in self.text(".difference td:has(del)")])
        self.assertEqual(len(self.text(".timeline > li")), 2)
        self.assertIn("takes back change 1", self.text(".timeline > li h3")[0])
        self.assertTrue(self.drivers["light"].find_elements("css selector", "svg[role=img][aria-label] rect"))

    def test_what_the_host_says_is_text_and_nothing_else(self):
        driver = self.drivers["light"]
        self.assertEqual(driver.title, "Open: mail.hosted.example, mail relay report")
        self.assertEqual(driver.find_elements("css selector", "script, img, a, iframe, form, object, link"), [])
        self.assertTrue(any(ATTACK in each for each in self.text("code")))

    def test_it_asks_nothing_of_the_network_and_breaks_no_rule_of_its_own(self):
        for driver in self.drivers.values():
            self.assertEqual(driver.get_log("browser"), [])
            asked = [entry["message"] for entry in driver.get_log("performance")
                     if '"Network.requestWillBeSent"' in entry["message"]]
            self.assertEqual([each for each in asked if self.page.name not in each], [])
            # The style sheet that the policy names by its digest took effect.
            self.assertEqual(
                driver.execute_script("return getComputedStyle(document.querySelector('table')).borderCollapse"),
                "collapse")

    def test_everybody_can_read_it_by_light_and_in_the_dark(self):
        from axe_core_python.selenium import Axe
        colours = set()
        for driver in self.drivers.values():
            found = Axe().run(driver)
            self.assertEqual(
                [(each["id"], each["help"], [node["html"][:120] for node in each["nodes"][:3]])
                 for each in found["violations"]], [])
            self.assertIn("color-contrast", [each["id"] for each in found["passes"]])
            colours.add(driver.execute_script("return getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(colours), 2)

    def test_it_fits_a_small_screen_and_prints_in_light_colours(self):
        driver = self.drivers["dark"]
        driver.set_window_size(500, 900)
        self.addCleanup(driver.set_window_size, 1200, 1000)
        wider = driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        self.assertLessEqual(wider, 0)
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.assertEqual(
            driver.execute_script("return getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")


class OlderFiles(unittest.TestCase):
    """Kept apart: it needs no browser."""

    @unittest.skipIf(able(), able())
    def test_an_older_page_is_replaced_and_nothing_else_is(self):
        lab = Lab("r")
        self.addCleanup(lab.down)
        lab.up()
        for _ in range(2):
            self.assertEqual(lab.run("agent", "report", "--html", "/root/page.html")[0], 0)
        self.assertEqual(lab.shell("stat -c %a /root/page.html"), "600\n")
        lab.shell("echo mine >/root/page.html")
        self.assertEqual(lab.run("agent", "report", "--html", "/root/page.html")[0], 1)
        self.assertEqual(lab.shell("cat /root/page.html"), "mine\n")
