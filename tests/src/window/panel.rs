//! What shows tray icons on a desktop: a name on the session bus that programs bring their icons to, and a hand that
//! chooses from their menus.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use zbus::message::Header;
use zbus::{Connection, OwnedObjectPath, OwnedVariant, Proxy, Variant, connection};

use super::PATIENCE;

const NAME: &str = "org.kde.StatusNotifierWatcher";
/// An entry of a menu: its number, its properties, its own entries.
type Entry = (i32, HashMap<String, OwnedVariant>, Vec<OwnedVariant>);

/// Dropping it takes the panel away.
pub struct Panel {
    runtime: Runtime,
    bus: Connection,
    icons: Arc<Mutex<Vec<Icon>>>,
}

#[derive(Clone)]
struct Icon {
    owner: String,
    path: String,
}

struct Watcher(Arc<Mutex<Vec<Icon>>>);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
        let owner = header.sender().expect("a caller").to_string();
        self.0.lock().unwrap().push(Icon { owner, path: service.to_owned() });
    }
    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }
    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl Panel {
    pub fn start(bus_address: &str) -> Self {
        let icons = Arc::new(Mutex::new(Vec::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let bus = connection::Builder::address(bus_address)
            .serve_at("/StatusNotifierWatcher", Watcher(icons.clone()))
            .name(NAME);
        let bus = runtime.block_on(bus.build()).expect("a panel on the session bus");
        Self { runtime, bus, icons }
    }

    /// Waits for an icon whose menu has this entry, and chooses it.
    pub fn choose(&self, label: &str) {
        let asked = Instant::now();
        loop {
            let icons = self.icons.lock().unwrap().clone();
            for icon in &icons {
                if self.runtime.block_on(self.chosen(icon, label)).unwrap_or(false) {
                    return;
                }
            }
            assert!(asked.elapsed() < PATIENCE, "no tray icon has the entry {label:?}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    async fn chosen(&self, icon: &Icon, label: &str) -> zbus::Result<bool> {
        let item =
            Proxy::new(&self.bus, icon.owner.as_str(), icon.path.as_str(), "org.kde.StatusNotifierItem")
                .await?;
        let menu: OwnedObjectPath = item.get_property("Menu").await?;
        let menu = Proxy::new(&self.bus, icon.owner.as_str(), menu, "com.canonical.dbusmenu").await?;
        let (_, (_, _, entries)): (u32, Entry) = menu.call("GetLayout", &(0, -1, vec!["label"])).await?;
        for entry in entries {
            let (id, properties, _) = Entry::try_from(entry)?;
            let named = properties.get("label").and_then(|name| name.downcast_ref::<String>().ok());
            // A mark before the letter that a key chooses.
            if named.is_some_and(|name| name.replace('_', "") == label) {
                menu.call::<_, _, ()>("Event", &(id, "clicked", Variant::from(0), 0_u32)).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}
