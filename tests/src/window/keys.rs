//! The window without a mouse: keys go to whatever has the focus, as from a keyboard.

use anyhow::{Context as _, Result, bail, ensure};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::Value;

use super::Window;

/// More places than these no page has between two that one goes to.
const TABS_MAX: usize = 80;

/// All that the thing with the focus may be called by: as a reader hears it, and by its id.
const FOCUSED: &str = "
    const focused = document.activeElement;
    const said = [focused.ariaLabel, focused.innerText, ...[...focused.labels ?? []].map(label => label.innerText), focused.id];
    return said.filter(Boolean).map(text => text.trim().replace(/\\s+/g, ' '));";

impl Window {
    /// Presses keys together, written as the list of shortcuts has them: `Ctrl+N`, `Shift+Tab`, `Esc`, `J`.
    ///
    /// # Errors
    /// When there is no such key, or the window does not answer.
    pub fn press(&self, keys: &str) -> Result<()> {
        let keys: Vec<char> = keys.split('+').map(key).collect::<Result<_>>()?;
        let pressed = keys.iter().map(|&value| KeyAction::Down { value });
        let released = keys.iter().rev().map(|&value| KeyAction::Up { value });
        let actions = pressed.chain(released).fold(KeyActions::new("keyboard".to_owned()), KeyActions::then);
        self.drive(self.client.perform_actions(actions))
    }

    /// Types into what has the focus, after what stands there.
    ///
    /// # Errors
    /// When it takes no text.
    pub fn write(&self, text: &str) -> Result<()> {
        self.drive(async { self.client.active_element().await?.send_keys(text).await })
    }

    /// Goes from what has the focus to what is called so, with the Tab key alone.
    ///
    /// # Errors
    /// When nothing that is called so is reached.
    pub fn tab_to(&self, name: &str) -> Result<()> {
        let mut passed = Vec::new();
        while passed.len() < TABS_MAX {
            self.press("Tab")?;
            let names = self.focused()?;
            if names.iter().any(|known| known == name) {
                return Ok(());
            }
            passed.push(names.into_iter().next().unwrap_or_default());
        }
        bail!("the Tab key does not reach `{name}`, but: {}", passed.join(" | "))
    }

    /// Waits until what is called so has the focus.
    ///
    /// # Errors
    /// When it had not in time.
    pub fn until_focused(&self, name: &str) -> Result<()> {
        self.eventually(&format!("the focus on `{name}`"), || {
            Ok(self.focused()?.iter().any(|known| known == name).then_some(()))
        })
    }

    fn focused(&self) -> Result<Vec<String>> {
        let names = self.ask(FOCUSED, "")?;
        ensure!(names != Value::Null, "nothing has the focus");
        Ok(serde_json::from_value(names)?)
    }
}

fn key(name: &str) -> Result<char> {
    let key = match name {
        "Ctrl" => Key::Control,
        "Shift" => Key::Shift,
        "Tab" => Key::Tab,
        "Enter" => Key::Enter,
        "Esc" => Key::Escape,
        "Space" => return Ok(' '),
        letter => return letter.to_lowercase().chars().next().filter(|_| letter.len() == 1).context("name one key"),
    };
    key.chars().next().context("a key has a code")
}
