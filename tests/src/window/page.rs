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

    /// As [`Page::script`]; the last argument is the function to call with the result.
    pub fn script_async(&self, body: &str, arguments: &[Value]) -> Value {
        self.driver
            .post("/execute/async", &json!({"script": body, "args": arguments}))
            .unwrap_or_else(|failure| panic!("a script failed: {failure}\n{body}"))
    }

    /// One operation through the page's own way to the host, as the screens use it. Err is an `ApiError`.
    pub fn call(
        &self,
        operation: &str,
        request: &Value,
        confirmation: Option<&Value>,
    ) -> Result<Value, Value> {
        let body = "const [operation, request, confirmation, done] = arguments; \
             window.__TAURI_INTERNALS__.invoke('call', {operation, request, confirmation}) \
               .then(value => done({ok: value}), error => done({error}));";
        let answer = self.script_async(body, &[json!(operation), request.clone(), json!(confirmation)]);
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// Keeps what goes to the console as an error from now on, for [`Page::complaints`].
    pub(super) fn remember_complaints(&self) {
        let body = "window.complaints = []; \
             const note = text => window.complaints.push(String(text)); \
             const before = console.error; \
             console.error = (...words) => { note(words.join(' ')); before.apply(console, words); }; \
             addEventListener('error', event => note(event.message)); \
             addEventListener('unhandledrejection', event => note(JSON.stringify(event.reason))); \
             addEventListener('securitypolicyviolation', event => note(event.violatedDirective + ' ' + event.blockedURI));";
        self.script(body, &[]);
    }
    pub fn complaints(&self) -> Vec<String> {
        let complaints = self.script("return window.complaints ?? [];", &[]);
        let complaints = complaints.as_array().cloned().unwrap_or_default();
        complaints.iter().map(|each| each.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Is a visible element there now?
    pub fn has(&self, selector: &str) -> bool {
        self.look("css selector", selector).is_some()
    }
    /// The visible element for this CSS selector.
    pub fn find(&self, selector: &str) -> Element<'w> {
        self.await_value(&format!("{selector} to be visible"), || self.look("css selector", selector))
    }
    pub fn test_id(&self, id: &str) -> Element<'w> {
        self.find(&format!("[data-testid=\"{id}\"]"))
    }
    /// The visible button, link, tab or menu item with this name.
    pub fn button(&self, name: &str) -> Element<'w> {
        let kind = "self::button or self::a or @role='tab' or @role='menuitem' or @role='option'";
        let path =
            format!("//*[{kind}][normalize-space()=\"{name}\" or normalize-space(@aria-label)=\"{name}\"]");
        self.await_value(&format!("a button {name:?}"), || self.look("xpath", &path))
    }

    /// Waits until the visible text of the page holds this.
    pub fn wait_for_text(&self, text: &str) {
        self.await_value(&format!("the text {text:?}"), || self.text().contains(text).then_some(()));
    }
    pub fn wait_until_gone(&self, selector: &str) {
        self.await_value(&format!("{selector} to go"), || {
            self.look("css selector", selector).is_none().then_some(())
        });
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
        self.script_async(body, &[]);
    }
    pub fn text(&self) -> String {
        self.script("return document.body ? document.body.innerText : '';", &[])
            .as_str()
            .unwrap_or_default()
            .to_owned()
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
            // It may still be closed while the answer to the last click comes in; a person would wait.
            let asked = Instant::now();
            while let Err(failure) = self.driver.post(&format!("/element/{}/{path}", self.id), &body) {
                self.bring_into_view();
                assert!(asked.elapsed() < PATIENCE, "filling a field: {failure}");
                thread::sleep(PAUSE);
            }
        };
        step("clear", json!({}));
        step("value", json!({"text": text}));
    }
    /// A person scrolls to what is hidden behind something else.
    fn bring_into_view(&self) {
        let body = "arguments[0].scrollIntoView({block: 'center'});";
        let element = json!([{ ELEMENT: self.id }]);
        if let Err(failure) = self.driver.post("/execute/sync", &json!({"script": body, "args": element})) {
            panic!("scrolling to a field: {failure}");
        }
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
