use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use testkit::Part;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How the person uses the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hands {
    /// With a pointer.
    Pointer,
    /// With the keyboard alone.
    Keyboard,
}

/// How wide the window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 320 by 640: the narrowest that is promised.
    Narrow,
    /// 390 by 844.
    Phone,
    /// 1280 by 900.
    Desktop,
}

impl Width {
    const fn size(self) -> (u32, u32) {
        match self {
            Self::Narrow => (320, 640),
            Self::Phone => (390, 844),
            Self::Desktop => (1280, 900),
        }
    }
}

/// A running chromedriver.
#[derive(Debug)]
pub struct Driver {
    _process: Child,
    url: String,
    chromium: PathBuf,
    profiles: tempfile::TempDir,
}

impl Driver {
    /// Starts chromedriver on a free port.
    pub async fn start() -> Result<Self, testkit::harness::CaseError> {
        let programs = Part::Browser.find()?;
        Self::start_programs(&programs[0], &programs[1]).await.map_err(testkit::harness::failed)
    }

    async fn start_programs(chromium: &Path, chromedriver: &Path) -> Result<Self> {
        let mut process = Command::new(chromedriver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("start chromedriver")?;
        let stdout = process.stdout.take().context("read from chromedriver")?;
        let mut lines = BufReader::new(stdout).lines();
        let said = async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, port)) = line.split_once("started successfully on port ") {
                    return Ok(port.trim_end_matches('.').parse::<u16>()?);
                }
            }
            bail!("chromedriver ended without saying its port")
        };
        let port = tokio::time::timeout(Duration::from_secs(30), said)
            .await
            .context("chromedriver did not start")??;
        let profiles = tempfile::tempdir()?;
        // What it says from here on is thrown away, but must be read for it not to stop.
        tokio::task::spawn_local(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            _process: process,
            url: format!("http://127.0.0.1:{port}"),
            chromium: chromium.to_owned(),
            profiles,
        })
    }

    /// Opens a window with a profile of its own.
    pub async fn open(&self, width: Width, hands: Hands, javascript: bool) -> Result<Browser> {
        let profile = tempfile::Builder::new().tempdir_in(self.profiles.path())?.keep();
        let (w, h) = width.size();
        let arguments = [
            "--headless=new".to_owned(),
            // The sandbox of Chromium cannot be made by root, as whom tests run in containers.
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            format!("--window-size={w},{h}"),
            format!("--user-data-dir={}", profile.display()),
        ];
        let setting = if javascript { 1 } else { 2 };
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": self.chromium,
                "args": arguments,
                "prefs": { "profile.managed_default_content_settings.javascript": setting },
                "mobileEmulation": match width {
                    Width::Narrow | Width::Phone => json!({ "deviceMetrics": { "width": w, "height": h, "pixelRatio": 1.0, "touch": false } }),
                    Width::Desktop => Value::Null,
                },
            }
        });
        let Value::Object(mut capabilities) = capabilities else { bail!("capabilities are an object") };
        if let Some(options) = capabilities.get_mut("goog:chromeOptions").and_then(Value::as_object_mut) {
            options.retain(|_, value| !value.is_null());
        }
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(Capabilities::from_iter(capabilities))
            .connect(&self.url)
            .await
            .context("open a window")?;
        client.set_window_size(w, h).await?;
        Ok(Browser { client, hands, width, javascript })
    }
}

/// A window, and the hands that use it.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    hands: Hands,
    width: Width,
    javascript: bool,
}

impl Browser {
    /// Goes to an address, as if a link in a mail had been followed.
    pub async fn go(&self, url: &str) -> Result<()> {
        self.client.goto(url).await.with_context(|| format!("go to {url}"))
    }

    /// Where the window is.
    pub async fn url(&self) -> Result<url::Url> {
        Ok(self.client.current_url().await?)
    }

    /// The main heading, when the page has it. A page without one is a defect of its own.
    pub async fn heading(&self) -> Result<String> {
        let heading =
            self.client.wait().at_most(Duration::from_secs(20)).for_element(Locator::Css("h1")).await?;
        Ok(heading.text().await?)
    }

    /// Waits until the heading holds this text.
    pub async fn expect(&self, text: &str) -> Result<()> {
        let mut last = String::new();
        let looking = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                // The page may not have come wholly while it is asked.
                if let Ok(heading) = self.heading().await {
                    if heading.contains(text) {
                        return heading;
                    }
                    last = heading;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        if let Ok(heading) = looking.await {
            return self.page_is_well_made().await.with_context(|| format!("the page {heading:?}"));
        }
        let body = self.text().await.unwrap_or_default();
        bail!("waited for {text:?}, and the page is {last:?} at {}:\n{body}", self.url().await?)
    }

    /// All text of the page's main part.
    pub async fn text(&self) -> Result<String> {
        Ok(self.client.find(Locator::Css("main")).await?.text().await?)
    }

    /// Fills the field of this name.
    pub async fn fill(&self, name: &str, value: &str) -> Result<()> {
        let field = self.find(&format!("input[name='{name}'], textarea[name='{name}']")).await?;
        self.reach(&field).await?;
        match self.hands {
            Hands::Pointer => field.send_keys(value).await?,
            Hands::Keyboard => self.client.active_element().await?.send_keys(value).await?,
        }
        Ok(())
    }

    /// Empties the field of this name.
    pub async fn clear(&self, name: &str) -> Result<()> {
        let field = self.find(&format!("input[name='{name}'], textarea[name='{name}']")).await?;
        Ok(field.clear().await?)
    }

    /// Chooses the radio button of this value.
    pub async fn choose(&self, name: &str, value: &str) -> Result<()> {
        let selector = format!("input[name='{name}'][value='{value}']");
        let radio = self.find(&selector).await?;
        match self.hands {
            Hands::Pointer => radio.click().await?,
            Hands::Keyboard => {
                // A group is one stop of the Tab key; arrows go through it.
                let group = self.client.find_all(Locator::Css(&format!("input[name='{name}']"))).await?;
                self.reach_any(&group).await?;
                self.client.active_element().await?.send_keys(" ").await?;
                for _ in 0..=group.len() {
                    if radio.is_selected().await? {
                        return Ok(());
                    }
                    self.client.active_element().await?.send_keys(&Key::Down.to_string()).await?;
                }
                ensure!(radio.is_selected().await?, "the arrow keys do not reach {selector}");
            }
        }
        Ok(())
    }

    /// Presses the button or follows the link with this text, and waits until the page that it was on is gone: the next one may have
    /// the same heading. What opens on the page itself (`summary`) leaves it there.
    pub async fn press(&self, label: &str) -> Result<()> {
        let path = format!(
            "//main//*[self::button or self::a or self::summary][normalize-space(.)={}]",
            quoted(label)
        );
        let element =
            self.client.wait().at_most(Duration::from_secs(10)).for_element(Locator::XPath(&path)).await;
        let element = match element {
            Ok(element) => element,
            Err(error) => {
                bail!("no button {label:?} ({error}) on:\n{}", self.text().await.unwrap_or_default())
            }
        };
        let stays = element.tag_name().await? == "summary";
        match self.hands {
            Hands::Pointer => element.click().await?,
            Hands::Keyboard => {
                self.reach(&element).await?;
                self.client.active_element().await?.send_keys(&Key::Enter.to_string()).await?;
            }
        }
        if stays {
            return Ok(());
        }
        let leaving = tokio::time::timeout(Duration::from_secs(20), async {
            // An element of a page that is gone cannot be asked any more.
            while element.tag_name().await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        leaving.await.with_context(|| format!("pressing {label:?} left the page where it was"))
    }

    /// Brings the keyboard's focus to an element, by the Tab key alone. With a pointer there is nothing to do.
    async fn reach(&self, element: &Element) -> Result<()> {
        match self.hands {
            Hands::Pointer => Ok(()),
            Hands::Keyboard => self.reach_any(std::slice::from_ref(element)).await,
        }
    }

    async fn reach_any(&self, elements: &[Element]) -> Result<()> {
        for _ in 0..80 {
            let active = self.client.active_element().await?;
            if elements.iter().any(|element| element.element_id() == active.element_id()) {
                return Ok(());
            }
            active.send_keys(&Key::Tab.to_string()).await?;
        }
        bail!("the Tab key does not reach the element")
    }

    async fn find(&self, selector: &str) -> Result<Element> {
        let found =
            self.client.wait().at_most(Duration::from_secs(10)).for_element(Locator::Css(selector)).await;
        match found {
            Ok(element) => Ok(element),
            Err(error) => bail!("no {selector} ({error}) on:\n{}", self.text().await.unwrap_or_default()),
        }
    }

    /// What every page has to keep: one heading, every field with a name for people, nothing wider than the window.
    async fn page_is_well_made(&self) -> Result<()> {
        let headings = self.client.find_all(Locator::Css("h1")).await?.len();
        ensure!(headings == 1, "it has {headings} main headings");
        for field in self.client.find_all(Locator::Css("input:not([type=hidden]), select, textarea")).await? {
            let id = field.attr("id").await?.unwrap_or_default();
            let labelled =
                !self.client.find_all(Locator::Css(&format!("label[for='{id}']"))).await?.is_empty();
            let inside = !field.find_all(Locator::XPath("ancestor::label")).await?.is_empty();
            let named = field.attr("aria-label").await?.is_some();
            ensure!(labelled || inside || named, "the field {:?} has no label", field.attr("name").await?);
        }
        let main = self.client.find(Locator::Css("body")).await?;
        let (x, _, width, _) = main.rectangle().await?;
        ensure!(x >= 0.0 && width <= f64::from(self.width.size().0) + 1.0, "it is {width} wide");
        Ok(())
    }

    /// Whether scripts run in this window.
    pub const fn has_javascript(&self) -> bool {
        self.javascript
    }

    /// Keeps a picture of what the window shows, if `MAINSTAY_TEST_PICTURES` names a directory.
    pub async fn picture(&self, directory: Option<&Path>, name: &str) -> Result<()> {
        if let Some(directory) = directory {
            std::fs::create_dir_all(directory)?;
            std::fs::write(directory.join(format!("{name}.png")), self.client.screenshot().await?)?;
        }
        Ok(())
    }

    /// Closes the window.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }
}

/// A text as a literal of `XPath`; texts here hold no double quotes.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
