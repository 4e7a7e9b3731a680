//! The window as a person uses it: the real program on a screen of its own, driven in its real webview.

mod driver;
mod keys;
mod screen;

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use self::driver::Driver;
pub(crate) use self::screen::Screen;
use crate::night::Night;
use crate::{binary, eventually, in_time};

/// Names the folder into which pictures are put.
const SHOTS: &str = "NIGHTKEEP_SHOTS";

/// An open window. Dropping it ends everything that belongs to it.
#[derive(Debug)]
pub struct Window {
    client: Client,
    runtime: Runtime,
    // In this order: the window ends before its screen.
    _driver: Driver,
    _screen: Screen,
}

impl Window {
    /// Opens `page` of a night's window.
    ///
    /// # Errors
    /// When a program is missing, or the window does not come up.
    pub fn open(night: &Night, page: &str) -> Result<Self> {
        let screen = Screen::start()?;
        let [runtime_dir, cache] = ["xdg-runtime", "xdg-cache"].map(|name| night.user().join(name));
        for folder in [&runtime_dir, &cache] {
            nightkeep_os::private_dir(folder)?;
        }
        let mut command = night.program("WebKitWebDriver");
        command
            .env("DISPLAY", screen.display())
            .env("GDK_BACKEND", "x11")
            .env("XDG_RUNTIME_DIR", runtime_dir)
            .env("XDG_CACHE_HOME", cache)
            // Nobody reads the screen aloud, and the bus of the test has nobody to ask.
            .env("NO_AT_BRIDGE", "1")
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        let driver = Driver::start(&mut command)?;
        let options = json!({ "binary": binary("nightkeep-app")?, "args": [page] });
        let wanted = Map::from_iter([("webkitgtk:browserOptions".to_owned(), options)]);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let address = driver.address();
        let client = runtime.block_on(async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            in_time("the window to open", builder.capabilities(wanted).connect(&address)).await
        })??;
        let window = Self { client, runtime, _driver: driver, _screen: screen };
        // The driver comes in before the window is shown, and a field of a page that nobody sees cannot be left.
        let seen = "return document.visibilityState === 'visible' && document.hasFocus()";
        window
            .eventually("the window to be shown", || Ok((window.ask(seen, "")? == Value::Bool(true)).then_some(())))?;
        Ok(window)
    }

    /// Waits until the button or link with this name is there, and clicks it.
    ///
    /// # Errors
    /// When it was not in time, or cannot be clicked.
    pub fn click(&self, name: &str) -> Result<()> {
        let quoted = name.replace('\'', "&apos;");
        let named = format!("@aria-label='{quoted}' or normalize-space()='{quoted}'");
        let path = format!("//*[self::a or self::button][{named}]");
        self.at(&format!("`{name}`"), Locator::XPath(&path), &async |element: &Element| element.click().await)
    }

    /// Types `text` into the field with this id, in the place of what stands there.
    ///
    /// # Errors
    /// When there is no such field in time, or it takes no text.
    pub fn fill(&self, id: &str, text: &str) -> Result<()> {
        self.at(&format!("the field `{id}`"), Locator::Id(id), &async |element: &Element| {
            element.clear().await?;
            element.send_keys(text).await
        })
    }

    /// The text of what a selector finds first, or `None`.
    ///
    /// # Errors
    /// When the page cannot be asked.
    pub fn text(&self, selector: &str) -> Result<Option<String>> {
        let text = self.ask("return document.querySelector(arguments[0])?.innerText ?? null", selector)?;
        Ok(text.as_str().map(str::to_owned))
    }

    /// The texts of all that a selector finds.
    ///
    /// # Errors
    /// When the page cannot be asked.
    pub fn texts(&self, selector: &str) -> Result<Vec<String>> {
        let texts = self.ask("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", selector)?;
        Ok(serde_json::from_value(texts)?)
    }

    /// Waits until what a selector finds first has a text as `wanted`.
    ///
    /// # Errors
    /// When it had not in time; the error shows the whole page.
    pub fn until(&self, selector: &str, wanted: impl Fn(&str) -> bool) -> Result<String> {
        self.eventually(&format!("another text of `{selector}`"), || {
            Ok(self.text(selector)?.filter(|text| wanted(text)))
        })
    }

    /// Waits until nothing is found by a selector.
    ///
    /// # Errors
    /// When something still was at the deadline.
    pub fn until_gone(&self, selector: &str) -> Result<()> {
        self.eventually(&format!("`{selector}` to go"), || Ok(self.text(selector)?.is_none().then_some(())))
    }

    /// What a script in the page returns, which is given `argument`.
    ///
    /// # Errors
    /// When it fails.
    pub fn script(&self, script: &str, argument: &str) -> Result<Value> {
        self.ask(script, argument)
    }

    /// Whether a media query holds, such as that for dark desktops.
    ///
    /// # Errors
    /// When the page cannot be asked.
    pub fn holds(&self, media: &str) -> Result<bool> {
        Ok(self.ask("return matchMedia(arguments[0]).matches", media)? == Value::Bool(true))
    }

    /// Puts a picture of the window into the folder that `NIGHTKEEP_SHOTS` names, if it does.
    ///
    /// # Errors
    /// When there is no picture, or it cannot be written.
    pub fn picture(&self, name: &str) -> Result<()> {
        let Some(folder) = env::var_os(SHOTS).filter(|folder| !folder.is_empty()) else { return Ok(()) };
        // What passes by would hide a part of the page.
        self.until_gone(".notice")?;
        let picture = self.drive(self.client.screenshot())?;
        fs::write(PathBuf::from(folder).join(format!("{name}.png")), picture).context("write a picture")
    }

    /// Waits until an element is there, and does something at it.
    fn at(&self, what: &str, locator: Locator<'_>, act: &impl AsyncFn(&Element) -> Result<(), CmdError>) -> Result<()> {
        self.eventually(what, || {
            let action = async { act(&self.client.find(locator).await?).await };
            match self.runtime.block_on(in_time(what, action))? {
                // The page is drawn anew at every news.
                Err(error) if error.is_no_such_element() || error.is_stale_element_reference() => Ok(None),
                done => Ok(Some(done?)),
            }
        })
    }

    fn ask(&self, script: &str, argument: &str) -> Result<Value> {
        self.drive(self.client.execute(script, vec![argument.into()]))
    }

    fn drive<T>(&self, command: impl Future<Output = Result<T, CmdError>>) -> Result<T> {
        Ok(self.runtime.block_on(in_time("the window to answer", command))??)
    }

    /// Looks until something is found; a page that cannot be asked ends it at once.
    fn eventually<T>(&self, what: &str, look: impl Fn() -> Result<Option<T>>) -> Result<T> {
        let found = eventually(what, || look().transpose());
        found.flatten().map_err(|error| {
            let page = self.text("body").ok().flatten().unwrap_or_default();
            anyhow!("{error:#}, on this page:\n{page}")
        })
    }
}
