//! The window as a person meets it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use holdfast_tests::window::Window;

#[test]
fn opens() {
    let window = Window::open();
    window.page().wait_for_script("return document.querySelectorAll('main').length === 1;", "one main");
    window.resize(1024, 700);
    window.photograph(std::path::Path::new("/tmp/opens.png"));
}
