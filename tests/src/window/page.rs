//! The page as a person or a screen reader finds things on it. Everything waits until it is there; nothing sleeps
//! for a fixed time.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::PATIENCE;
use super::driver::Driver;

/// The key WebDriver gives element references.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Between two looks at the page.
const PAUSE: Duration = Duration::from_millis(40);

#[derive(Clone, Copy)]
pub struct Page<'w> {
    driver: &'w Driver,
}

impl<'w> Page<'w> {
    pub(super) fn new(driver: &'w Driver) -> Self {
        Self { driver }
    }

    /// The function's body; `arguments` are given to it.
    pub fn script(&self, body: &str, arguments: &[Value]) -> Value {
        self.driver
            .post("/execute/sync", &json!({"script": body, "args": arguments}))
            .unwrap_or_else(|failure| panic!("a script failed: {failure}\n{body}"))
    }

    /// One operation through the page's own way to the host, as the screens use it. Err is an `ApiError`.
    pub fn call(&self, operation: &str, request: &Value, confirmation: Option<&Value>) -> Result<Value, Value> {
        let body = "const [operation, request, confirmation, done] = arguments; \
             window.__TAURI_INTERNALS__.invoke('call', {operation, request, confirmation}) \
               .then(value => done({ok: value}), error => done({error}));";
        let answer = self
            .driver
            .post("/execute/async", &json!({"script": body, "args": [operation, request, confirmation]}))
            .unwrap_or_else(|failure| panic!("calling {operation}: {failure}"));
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// The visible element for this CSS selector.
    pub fn find(&self, selector: &str) -> Element<'w> {
        self.await_value(&format!("{selector} to be visible"), || self.look("css selector", selector))
    }
    pub fn test_id(&self, id: &str) -> Element<'w> {
        self.find(&format!("[data-testid=\"{id}\"]"))
    }
    /// The visible button or link with this accessible name.
    pub fn button(&self, name: &str) -> Element<'w> {
        self.named(name, "self::button or self::a or @role='button' or @role='tab' or @role='menuitem' or @role='option'")
    }
    /// The visible field with this label.
    pub fn field(&self, label: &str) -> Element<'w> {
        let quoted = quote(label);
        let path = format!(
            "//*[self::input or self::textarea or self::select or @role='switch' or @role='checkbox' or @role='combobox']\
             [normalize-space(@aria-label)={quoted} or @id=//label[normalize-space()={quoted}]/@for \
              or ancestor::label[contains(normalize-space(),{quoted})]]"
        );
        self.await_value(&format!("a field {label:?}"), || self.look("xpath", &path))
    }
    fn named(&self, name: &str, kind: &str) -> Element<'w> {
        let quoted = quote(name);
        let path = format!("//*[{kind}][normalize-space()={quoted} or normalize-space(@aria-label)={quoted}]");
        self.await_value(&format!("a button {name:?}"), || self.look("xpath", &path))
    }

    /// Waits until the visible text of the page holds this.
    pub fn wait_for_text(&self, text: &str) {
        self.await_value(&format!("the text {text:?}"), || self.text().contains(text).then_some(()));
    }
    pub fn wait_until_gone(&self, selector: &str) {
        self.await_value(&format!("{selector} to go"), || self.look("css selector", selector).is_none().then_some(()));
    }
    pub fn wait_for_script(&self, body: &str, what: &str) {
        self.await_value(what, || (self.script(body, &[]) == true).then_some(()));
    }
    /// Waits until fonts are there, movements have ended and what is on the page has been painted.
    pub fn settle(&self) {
        let body = "const done = arguments[0]; \
             const frame = () => new Promise(next => requestAnimationFrame(() => requestAnimationFrame(next))); \
             const ending = () => document.getAnimations() \
               .filter(each => each.effect && each.effect.getComputedTiming().endTime !== Infinity) \
               .map(each => each.finished.catch(() => null)); \
             document.fonts.ready.then(frame).then(() => Promise.all(ending())).then(frame).then(() => done(true));";
        if let Err(failure) = self.driver.post("/execute/async", &json!({"script": body, "args": []})) {
            panic!("the page does not come to rest: {failure}");
        }
    }
    pub fn text(&self) -> String {
        self.script("return document.body ? document.body.innerText : '';", &[]).as_str().unwrap_or_default().to_owned()
    }

    fn look(&self, using: &str, value: &str) -> Option<Element<'w>> {
        let found = self.driver.post("/elements", &json!({"using": using, "value": value})).ok()?;
        let found = found.as_array()?.iter().filter_map(|each| each[ELEMENT].as_str());
        found.map(|id| Element { driver: self.driver, id: id.to_owned() }).find(Element::is_displayed)
    }

    fn await_value<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let asked = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(asked.elapsed() < PATIENCE, "waited in vain for {what}; the page says:\n{}", self.text());
            thread::sleep(PAUSE);
        }
    }
}

pub struct Element<'w> {
    driver: &'w Driver,
    id: String,
}

impl Element<'_> {
    pub fn click(&self) {
        // It may still be moving in; a person would click again.
        let asked = Instant::now();
        while let Err(failure) = self.driver.post(&format!("/element/{}/click", self.id), &json!({})) {
            assert!(asked.elapsed() < PATIENCE, "clicking: {failure}");
            thread::sleep(PAUSE);
        }
    }
    /// Replaces what stands in the field.
    pub fn fill(&self, text: &str) {
        let step = |path: &str, body: Value| {
            self.driver
                .post(&format!("/element/{}/{path}", self.id), &body)
                .unwrap_or_else(|failure| panic!("filling a field: {failure}"))
        };
        step("clear", json!({}));
        step("value", json!({"text": text}));
    }
    pub fn text(&self) -> String {
        let text = self.driver.get(&format!("/element/{}/text", self.id)).unwrap_or_default();
        text.as_str().unwrap_or_default().to_owned()
    }
    pub fn is_enabled(&self) -> bool {
        self.driver.get(&format!("/element/{}/enabled", self.id)).is_ok_and(|enabled| enabled == true)
    }
    fn is_displayed(&self) -> bool {
        self.driver.get(&format!("/element/{}/displayed", self.id)).is_ok_and(|shown| shown == true)
    }
}

/// An XPath string, which knows no escapes.
fn quote(text: &str) -> String {
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}
