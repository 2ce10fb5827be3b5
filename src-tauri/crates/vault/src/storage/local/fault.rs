//! Storage errors sorted into what the user can act on.

use std::error::Error as _;

use object_store::Error;

use crate::VaultError;

pub(super) fn sort(error: &Error) -> VaultError {
    match io(error) {
        Some(io) => VaultError::io(io),
        None => match error {
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                VaultError::StorageReadOnly { native: error.to_string() }
            }
            _ => VaultError::StorageUnavailable { native: error.to_string(), transient: false },
        },
    }
}

/// EPERM, ENOTSUP (Linux, macOS), ENOSYS, and Windows' ERROR_INVALID_FUNCTION from linking files.
pub(super) fn lacks_hard_links(error: &Error) -> bool {
    let linking =
        error.source().is_some_and(|source| source.to_string().starts_with("Unable to rename file"));
    let codes: &[i32] = if cfg!(windows) { &[1] } else { &[1, 95, 45, 38] };
    linking && io(error).and_then(std::io::Error::raw_os_error).is_some_and(|code| codes.contains(&code))
}

fn io(error: &Error) -> Option<&std::io::Error> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io);
        }
        source = error.source();
    }
    None
}
