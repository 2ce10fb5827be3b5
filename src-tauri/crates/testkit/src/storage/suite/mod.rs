//! What every storage of vaults must do, whatever it is made of. A new storage calls [`suite`] from one short file.
//!
//! The contract in words stands at the trait and in `docs/FORMAT.md`, "Storage"; a sentence there without a case here is
//! not held by anything.

mod atomic;
mod locks;
mod objects;

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_vault::storage::{ANCHOR, ObjectPath, Storage};

/// An empty place, opened twice.
pub struct Place {
    pub one: Arc<dyn Storage>,
    /// Opened as another process or another machine would.
    pub other: Arc<dyn Storage>,
    /// Takes the locks away from whoever holds them, as can happen there: a lease lapses, somebody removes a file.
    pub lose_locks: Box<dyn Fn() + Send + Sync>,
    /// Kept as long as the place is used.
    pub alive: Box<dyn Any + Send + Sync>,
}

/// Runs every case on a place of its own. Leases should have a short term: half a second is waited for in vain twice.
///
/// # Panics
/// With the name of the case, when the storage does not keep the contract.
pub async fn suite(make: impl Fn() -> Place) {
    let place = &make();
    assert!(place.one.is_empty().await.expect("a new place can be looked at"), "a new place is empty");
    assert!(!place.one.location().is_empty(), "a place has a name for people");
    // What makes the place a vault: from here on an empty list means emptiness.
    put(&*place.one, ANCHOR, "{}").await;
    assert!(!place.other.is_empty().await.expect("a place can be looked at"), "it is not empty any more");

    objects::what_was_put_is_there_for_everybody(&*place.one, &*place.other).await;
    objects::what_is_not_there_is_none(&*place.one).await;
    objects::what_is_there_stays_as_it_is(&*place.one, &*place.other).await;
    objects::ranges_at_their_edges(&*place.one).await;
    objects::deleting_is_idempotent(&*place.one, &*place.other).await;
    objects::lists_are_complete(&*place.one, &*place.other).await;
    objects::odd_names_are_names(&*place.one).await;
    objects::large_objects(&*place.one).await;
    objects::stamps_tell_changes(&*place.one, &*place.other).await;
    atomic::one_of_many_writers_wins(&place.one, &place.other).await;
    atomic::many_writers_of_many_objects(&place.one, &place.other).await;
    atomic::interrupted_puts_leave_a_whole_or_nothing(&place.one, &place.other).await;
    atomic::sweeping_removes_no_object(&*place.one).await;

    locks::shared_go_together_and_exclusive_alone(&make()).await;
    locks::one_of_many_gets_it(&make()).await;
    locks::a_dead_holder_does_not_hold_for_ever(&make()).await;
    locks::a_lost_lock_is_noticed_and_never_comes_back(&make()).await;
    locks::a_refreshed_lock_outlives_its_term(&make()).await;
}

fn path(name: &str) -> ObjectPath {
    ObjectPath::new(name).expect("a proper name")
}

async fn put(storage: &dyn Storage, name: &str, bytes: impl Into<Bytes>) -> holdfast_vault::storage::Put {
    storage.put(&path(name), bytes.into()).await.expect("a put")
}

async fn get(storage: &dyn Storage, name: &str) -> Option<Bytes> {
    storage.get(&path(name)).await.expect("a get")
}

/// Names and sizes below a folder, in order.
async fn list(storage: &dyn Storage, folder: &str) -> Vec<(String, u64)> {
    let listed = storage.list(&path(folder)).await.expect("a list");
    let mut listed: Vec<_> =
        listed.into_iter().map(|listed| (listed.path.as_str().to_owned(), listed.size)).collect();
    listed.sort();
    listed
}

/// Bytes without a pattern that a fault could hide in.
fn noise(length: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}
