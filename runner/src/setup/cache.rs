//! The cache directory: a place per kind of thing, named by the hash of its inputs.
//!
//! Something in the cache is complete or not there: it is made in a directory beside
//! and renamed when done ([`Cache::make`]). What is there is used without asking anybody;
//! who makes something holds the lock of that one thing, so that a second runner that wants
//! it waits, and one that wants something else does not.
//!
//! Locks are taken downwards only: an image, then what goes into it (packages, sources, a
//! compiler, programs), then apt.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::Options;

/// An open cache.
#[derive(Debug)]
pub struct Cache {
    root: PathBuf,
}

/// The right to make one thing, until dropped. A process that dies gives it back.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Cache {
    /// Opens the cache, made where it is not there.
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
        Ok(Cache { root })
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

    /// The right to make `name`. Blocks while another process has it.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn lock(&self, name: &str) -> anyhow::Result<Lock> {
        let path = self.dir("locks")?.join(name);
        let file = File::create(&path)
            .with_context(|| format!("cannot write in the cache: {}", path.display()))?;
        if file.try_lock().is_err() {
            super::say(format!("waiting for another runner that makes {name}"));
            file.lock()
                .with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(Lock { _file: file })
    }

    /// What `there` finds, else what `make` makes of it in an empty directory of its own, to
    /// rename from. `name` is the thing's, and the directory's; what an earlier, broken run
    /// left there is removed. Blocks while another process makes the same, and then takes that.
    ///
    /// # Errors
    /// Those of `make`, and a cache that cannot be written.
    pub fn make<T>(
        &self,
        name: &str,
        there: impl Fn() -> Option<T>,
        make: impl FnOnce(&Path) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if let Some(found) = there() {
            return Ok(found);
        }
        let _lock = self.lock(name)?;
        if let Some(made_meanwhile) = there() {
            return Ok(made_meanwhile);
        }
        let dir = self.dir("making")?.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("cannot empty {}", dir.display()))?;
        }
        fs::create_dir(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let made = make(&dir)?;
        // Where it was renamed as a whole, nothing is left.
        fs::remove_dir_all(&dir).ok();
        Ok(made)
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

    fn cache() -> (tempfile::TempDir, Cache) {
        let dir = tempfile::tempdir().expect("a directory");
        let options = Options {
            cache: Some(dir.path().to_path_buf()),
            ..Options::default()
        };
        let cache = Cache::open(&options).expect("a cache");
        (dir, cache)
    }

    #[test]
    fn a_broken_runs_pieces_are_not_used() {
        let (_dir, cache) = cache();
        let nothing = || None::<()>;
        let error = cache.make("x", nothing, |dir| {
            fs::write(dir.join("half"), "of it")?;
            anyhow::bail!("the mirror is gone")
        });
        assert!(error.is_err());
        let made = cache.make("x", nothing, |dir| {
            assert_eq!(fs::read_dir(dir)?.count(), 0);
            Ok(())
        });
        made.expect("made");
    }

    #[test]
    fn what_is_there_waits_for_nobody() {
        let (_dir, cache) = cache();
        let _building = cache.lock("image-a").expect("a lock");
        let ready = cache.make("image-a", || Some(7), |_| unreachable!());
        assert_eq!(ready.expect("ready"), 7);
        let other = cache.make("image-b", || None, |_| Ok(8));
        assert_eq!(other.expect("made"), 8);
    }

    #[test]
    fn who_waited_takes_what_the_other_made() {
        let (_dir, cache) = cache();
        let file = cache.dir("things").expect("a directory").join("thing");
        let there = || file.exists().then_some("theirs");
        let lock = cache.lock("thing").expect("a lock");
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| cache.make("thing", there, |_| Ok("mine")));
            std::thread::sleep(std::time::Duration::from_millis(50));
            fs::write(&file, "").expect("made");
            drop(lock);
            assert_eq!(waits.join().expect("no panic").expect("made"), "theirs");
        });
    }
}
