//! The cache directory: a place per kind of thing, named by the hash of its inputs.
//!
//! Something in the cache is complete or not there: it is made under a temporary
//! name ([`Cache::scratch`]) and renamed when done.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::Options;

/// An open cache. Holds the lock until dropped; a second process waits.
#[derive(Debug)]
pub struct Cache {
    root: PathBuf,
    _lock: File,
}

impl Cache {
    /// Opens and locks the cache, made where it is not there. Blocks while another
    /// process has it.
    ///
    /// # Errors
    /// No home directory, or a directory that cannot be written.
    pub fn open(options: &Options) -> anyhow::Result<Self> {
        let root = match &options.cache {
            Some(dir) => dir.clone(),
            None => default_root()?,
        };
        fs::create_dir_all(&root).with_context(|| {
            format!(
                "cannot make the cache directory {}: set XDG_CACHE_HOME",
                root.display()
            )
        })?;
        let lock = File::create(root.join("lock"))
            .with_context(|| format!("cannot write in the cache directory {}", root.display()))?;
        if lock.try_lock().is_err() {
            super::say(format!(
                "waiting for another runner that uses {}",
                root.display()
            ));
            lock.lock().context("cannot lock the cache")?;
        }
        Ok(Cache { root, _lock: lock })
    }

    /// `<cache>/<kind>`, made where it is not there.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn dir(&self, kind: &str) -> anyhow::Result<PathBuf> {
        let dir = self.root.join(kind);
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(dir)
    }

    /// An empty directory to make things in; what an earlier, broken run left there
    /// is removed.
    ///
    /// # Errors
    /// The directory cannot be emptied or made.
    pub fn scratch(&self, name: &str) -> anyhow::Result<PathBuf> {
        let dir = self.root.join("scratch").join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("cannot empty {}", dir.display()))?;
        }
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(dir)
    }
}

/// Where the cache is when nobody says otherwise (XDG base directory specification).
pub fn default_root() -> anyhow::Result<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_CACHE_HOME")
        .filter(|dir| dir.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .map(|dir| dir.join("sockeye"))
        .context("neither XDG_CACHE_HOME nor HOME is set: say where downloads may be kept")
}

/// Collects the inputs of something cached; [`Key::finish`] is its name.
#[derive(Clone, Debug, Default)]
pub struct Key(Sha256);

impl Key {
    /// Adds a labelled input; the label and the length keep neighbours apart.
    pub fn add(mut self, label: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        self.0.update(format!("{label}\0{}\0", value.len()));
        self.0.update(value);
        self
    }

    /// The first 16 hexadecimal digits of the hash.
    pub fn finish(self) -> String {
        let mut text = hex(&self.0.finalize());
        text.truncate(16);
        text
    }
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// The file cannot be read.
pub fn sha256(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file
            .read(&mut buffer)
            .with_context(|| format!("cannot read {}", path.display()))?
        {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_inputs_do_not_run_together() {
        let one = Key::default().add("a", "bc").add("d", "").finish();
        let two = Key::default().add("a", "b").add("d", "c").finish();
        assert_ne!(one, two);
        assert_eq!(one.len(), 16);
    }

    #[test]
    fn scratch_is_emptied() {
        let dir = std::env::temp_dir().join(format!("sockeye-cache-{}", std::process::id()));
        let options = Options {
            cache: Some(dir.clone()),
            ..Options::default()
        };
        let cache = Cache::open(&options).unwrap();
        let scratch = cache.scratch("x").unwrap();
        fs::write(scratch.join("left"), "over").unwrap();
        assert!(
            fs::read_dir(cache.scratch("x").unwrap())
                .unwrap()
                .next()
                .is_none()
        );
        drop(cache);
        fs::remove_dir_all(dir).unwrap();
    }
}
