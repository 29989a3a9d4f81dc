"""A person with a browser that knows only forms and cookies, and small words for what a walk sees."""

import os
import sys
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

PLATFORM = os.environ["PLATFORM"]
CALLBACK = "https://books.example/callback"
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]


class Forms(HTMLParser):
    """All forms of a page: where they go, what they hide, what they ask for."""

    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append({"action": attributes.get("action") or "", "hidden": {}, "names": set()})
        elif self.forms and attributes.get("name"):
            self.forms[-1]["names"].add(attributes["name"])
            if attributes.get("type") == "hidden":
                self.forms[-1]["hidden"][attributes["name"]] = attributes.get("value", "")


def submit(browser, page, wanted, values):
    """Fills in the form that has the field `wanted`, sends it, and stays with the answer."""
    form = next((form for form in Forms(page.text).forms if wanted in form["names"]), None)
    check(form is not None, f"no form with {wanted} on {page.url.split('?')[0]} ({page.status_code})")
    action = urljoin(page.url, form["action"] or page.url)
    return browser.post(action, data={**form["hidden"], **values}, allow_redirects=False)


def consent(authorization_url):
    """Signs in and allows the request; where the browser is sent."""
    browser = requests.Session()
    page = browser.get(authorization_url)
    credentials = {"email": os.environ["EMAIL"], "password": os.environ["PASSWORD"]}
    answer = submit(browser, page, "password", credentials)
    page = browser.get(urljoin(page.url, answer.headers["location"]))
    answer = submit(browser, page, "company", {"company": os.environ["COMPANY"], "decision": "allow"})
    check(answer.status_code == 303, f"consent is answered {answer.status_code}")
    return answer.headers["location"]


def works(access_token):
    """Whether a resource API takes the access token."""
    answer = requests.get(f"{PLATFORM}/v1/introspect", headers={"authorization": f"Bearer {access_token}"})
    check(answer.status_code in (200, 401), f"a call is answered {answer.status_code}")
    return answer.status_code == 200


def check(holds, what):
    if not holds:
        sys.exit(f"FAILED  {what}")


def refused(word, act):
    """Insists on an error that has this word in it."""
    try:
        done = act()
    except Exception as error:  # whatever the library makes of it
        told = f"{getattr(error, 'error', '')} {error}"
        check(word in told, f"refused otherwise than with {word}: {told}")
        return
    check(False, f"not refused with {word}: {type(done).__name__}")


SEEN = []


def held(what):
    SEEN.append(what)


def done(name):
    print(f"ok      {name}: {', '.join(SEEN)}")
