//! Whether the entries of a folder have changed, from the folder's own times: POSIX wants both set whenever an entry comes
//! or goes.

use std::path::Path;

use crate::Result;
use crate::storage::Stamp;

/// Where a file system is not known to keep the rule on disks of this machine, it is not relied on: network shares answer
/// from what they remember, FUSE and FAT as they like.
#[cfg(target_os = "linux")]
const KNOWN: [i128; 6] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683e, // Btrfs
    0xf2f5_2010, // F2FS
    0x2fc1_2fc1, // ZFS
    0x0102_1994, // tmpfs
];

/// On a blocking thread. None: cannot be told.
#[cfg(target_os = "linux")]
pub(super) fn of(folder: &Path) -> Result<Option<Stamp>> {
    use std::os::unix::fs::MetadataExt;
    // Whatever is wrong with the folder, the list that follows says it.
    let (Ok(meta), Ok(system)) = (folder.symlink_metadata(), rustix::fs::statfs(folder)) else {
        return Ok(None);
    };
    if !meta.is_dir() || !KNOWN.contains(&i128::from(system.f_type)) {
        return Ok(None);
    }
    let times = [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()].map(i128::from);
    Ok(Some(Stamp([i128::from(meta.dev()), i128::from(meta.ino())].into_iter().chain(times).collect())))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn of(_: &Path) -> Result<Option<Stamp>> {
    Ok(None)
}
