//! memfd_create(2): files in memory without a name.

use super::{
    Creds, Kind, Place,
    dentry::Dentry,
    inode::New,
    mount::{self, Mount},
    tmpfs::{Node, Volume},
};
use crate::{Result, file::OpenFile, sync::SpinLock};
use abi::{
    Errno,
    general::{MFD_ALLOW_SEALING, MFD_CLOEXEC, MFD_EXEC, MFD_NOEXEC_SEAL, O_LARGEFILE, O_RDWR},
};
use alloc::sync::Arc;

/// The longest name, memfd_create(2).
pub const NAME_MAX: usize = 249;

static MOUNT: SpinLock<Option<Arc<Mount>>> = SpinLock::new(None);

/// A new file, open for reading and writing. `EINVAL` for unknown flags and for
/// MFD_HUGETLB (there are no huge pages).
pub fn create(creds: &Creds, name: &[u8], flags: u32) -> Result<Arc<OpenFile>> {
    let known = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC | MFD_NOEXEC_SEAL;
    let both = MFD_EXEC | MFD_NOEXEC_SEAL;
    if flags & !known != 0 || flags & both == both || name.len() > NAME_MAX {
        return Err(Errno::EINVAL);
    }
    let mount = MOUNT
        .lock()
        .get_or_insert_with(|| mount::hidden(Volume::empty("tmpfs", 0o755, 0, 0, 0)))
        .clone();
    let mode = if flags & MFD_NOEXEC_SEAL != 0 {
        0o666
    } else {
        0o777
    };
    let new = New {
        kind: Kind::Regular,
        mode,
        uid: creds.uid,
        gid: creds.gid,
        rdev: 0,
        target: b"",
    };
    let inode = mount.place().inode().create_unnamed(&new)?;
    if let Some(data) = inode.as_any().downcast_ref::<Node>().and_then(Node::data) {
        if flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL) != 0 {
            data.allow_sealing();
        }
        if flags & MFD_NOEXEC_SEAL != 0 {
            data.add_seals(super::tmpfs::seal::EXEC)?;
        }
    }
    let shown = [b"memfd:", name].concat();
    let place = Place {
        mount,
        dentry: Dentry::unnamed(inode.clone(), &shown),
    };
    Ok(OpenFile::new(
        inode.open(&place, O_RDWR)?,
        O_RDWR | O_LARGEFILE,
    ))
}
