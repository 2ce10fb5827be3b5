//! What stands on a display without a window manager, and closing it as one would.

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, MapState, Window as WindowId,
};
use x11rb::rust_connection::RustConnection;

pub struct Display {
    server: RustConnection,
    root: WindowId,
}

impl Display {
    /// By its name, as in `DISPLAY`.
    pub fn connect(name: &str) -> Self {
        let (server, screen) = RustConnection::connect(Some(name)).expect("the display");
        let root = server.setup().roots[screen].root;
        Self { server, root }
    }

    /// A window with this title that a person sees.
    pub fn window(&self, title: &str) -> Option<WindowId> {
        let all = self.server.query_tree(self.root).unwrap().reply().unwrap().children;
        all.into_iter().find(|window| self.is_seen(*window, title).unwrap_or(false))
    }

    /// A window may go while it is looked at.
    fn is_seen(&self, window: WindowId, title: &str) -> Option<bool> {
        let shown = self.server.get_window_attributes(window).ok()?.reply().ok()?;
        let name = self
            .server
            .get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 1024)
            .ok()?
            .reply()
            .ok()?;
        Some(shown.map_state == MapState::VIEWABLE && String::from_utf8_lossy(&name.value).contains(title))
    }

    /// Asks the program to close it.
    pub fn close(&self, window: WindowId) {
        let atom =
            |name: &str| self.server.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        let wish = [atom("WM_DELETE_WINDOW"), x11rb::CURRENT_TIME, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom("WM_PROTOCOLS"), wish);
        self.server.send_event(false, window, EventMask::NO_EVENT, message).unwrap().check().unwrap();
        self.server.flush().unwrap();
    }
}
