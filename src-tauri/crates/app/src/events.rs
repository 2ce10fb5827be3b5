//! The one stream of events of this process. Sending never waits and never fails: a host that does not
//! listen misses nothing it could not ask for.

use holdfast_contract::event::{Event, Topic};
use tokio::sync::broadcast;

/// A listener this far behind has lost count and should ask for everything again.
const BACKLOG: usize = 1024;

#[derive(Clone)]
pub struct Events(broadcast::Sender<Event>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Events {
    pub fn send(&self, event: Event) {
        // Err only says that nobody listens.
        let _ = self.0.send(event);
    }
    pub fn changed(&self, what: Topic) {
        self.send(Event::Changed { what });
    }
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}
