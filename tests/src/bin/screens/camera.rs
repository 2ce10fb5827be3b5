//! Takes a screen in both themes and two sizes, and looks whether it is sound.

use std::path::{Path, PathBuf};

use holdfast_tests::window::Window;
use holdfast_tests::window::story::assert_sound;
use serde_json::json;

const SIZES: [(u32, u32); 2] = [(1440, 900), (1024, 700)];
const THEMES: [&str; 2] = ["light", "dark"];

pub struct Camera<'w> {
    pub window: &'w Window,
    folder: PathBuf,
    taken: u32,
}

impl<'w> Camera<'w> {
    pub fn new(window: &'w Window, folder: &Path) -> Self {
        Self { window, folder: folder.to_owned(), taken: 0 }
    }
    pub fn taken(&self) -> u32 {
        self.taken
    }

    /// The screen as it stands, in every size and theme.
    pub fn take(&mut self, screen: &str) {
        self.taken += 1;
        for theme in THEMES {
            self.wear(theme);
            for (width, height) in SIZES {
                self.window.resize(width, height);
                let name = format!("{:02}-{screen}-{theme}-{width}x{height}.png", self.taken);
                self.window.photograph(&self.folder.join(name));
                assert_sound(self.window.page(), screen);
            }
        }
        println!("{:02} {screen}", self.taken);
    }

    fn wear(&self, theme: &str) {
        let page = self.window.page();
        page.call("settings.update", &json!({"theme": theme}), None).expect("the theme");
        let dark = theme == "dark";
        page.wait_for_script(
            &format!("return document.documentElement.classList.contains('dark') === {dark};"),
            "the theme to change",
        );
    }

    /// Goes to an address and waits for words that only its page has.
    pub fn visit(&mut self, address: &str, words: &str, screen: &str) {
        self.window.go_to(address);
        self.window.page().wait_for_text(words);
        self.take(screen);
    }
}
