//! A private apt: the machine's mirror and proxy settings, our own lists and files.
//!
//! apt is told where to keep everything by a configuration file of ours
//! (`APT_CONFIG`), so that the machine's sources, lists and packages stay as they
//! are. The mirror is the one the machine itself is configured with; its name is
//! never written here. What apt downloads is verified with the keyring of package
//! debian-archive-keyring.
//!
//! ```text
//! let apt = Apt::new(&cache, "forky-src", &[Source::sources("forky")], &options)?;
//! apt.download_source("busybox", &dir)?;
//! ```

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::cache::Lock;
use super::{Cache, Options, say, shell};

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A line of the private sources list.
#[derive(Clone, Debug)]
pub struct Source {
    kind: &'static str,
    suite: String,
}

impl Source {
    /// Source packages of a suite.
    pub fn sources(suite: &str) -> Self {
        Source {
            kind: "deb-src",
            suite: suite.to_string(),
        }
    }

    /// Binary packages of a suite, for the host's architecture.
    pub fn binaries(suite: &str) -> Self {
        Source {
            kind: "deb",
            suite: suite.to_string(),
        }
    }
}

/// A private apt with its own configuration, lists and archives.
#[derive(Debug)]
pub struct Apt {
    config: PathBuf,
    dir: PathBuf,
    options: Options,
    updated: Cell<bool>,
    /// Two of apt in one directory refuse each other.
    _lock: Lock,
}

impl Apt {
    /// Prepares one under `<cache>/apt/<name>`; fetches nothing yet.
    ///
    /// # Errors
    /// The machine has no Debian mirror configured, or the cache cannot be written.
    pub fn new(
        cache: &Cache,
        name: &str,
        sources: &[Source],
        options: &Options,
    ) -> anyhow::Result<Self> {
        Apt::prepare(cache, name, sources, &mirror()?, "", options)
    }

    /// As [`Apt::new`], for packages of another architecture, in Debian's name for it.
    ///
    /// # Errors
    /// As [`Apt::new`].
    pub fn foreign(
        cache: &Cache,
        name: &str,
        sources: &[Source],
        architecture: &str,
        options: &Options,
    ) -> anyhow::Result<Self> {
        let lines = format!(
            "APT::Architecture \"{architecture}\";\nAPT::Architectures {{ \"{architecture}\"; }};\n"
        );
        Apt::prepare(cache, name, sources, &mirror()?, &lines, options)
    }

    fn prepare(
        cache: &Cache,
        name: &str,
        sources: &[Source],
        mirror: &str,
        more: &str,
        options: &Options,
    ) -> anyhow::Result<Self> {
        let lock = cache.lock(&format!("apt-{name}"))?;
        let dir = cache.dir(&format!("apt/{name}"))?;
        for sub in ["lists/partial", "archives/partial", "empty"] {
            fs::create_dir_all(dir.join(sub))?;
        }
        let list: String = sources
            .iter()
            .map(|source| {
                format!(
                    "{} [signed-by={KEYRING}] {mirror} {} main\n",
                    source.kind, source.suite
                )
            })
            .collect();
        fs::write(dir.join("sources.list"), list)?;
        fs::write(dir.join("status"), "")?;
        let config = dir.join("apt.conf");
        let at = |sub: &str| dir.join(sub).display().to_string();
        fs::write(
            &config,
            format!(
                "Dir::Etc::main \"{empty}/none\";\nDir::Etc::parts \"{empty}\";\n\
                 Dir::Etc::sourcelist \"{sources}\";\nDir::Etc::sourceparts \"-\";\n\
                 Dir::Etc::preferences \"{empty}/none\";\nDir::Etc::preferencesparts \"{empty}\";\n\
                 Dir::State \"{state}\";\nDir::State::status \"{status}\";\n\
                 Dir::Cache \"{state}\";\nDir::Cache::archives \"{archives}\";\n\
                 APT::Sandbox::User \"root\";\nAcquire::Languages \"none\";\n{fetch}{more}",
                empty = at("empty"),
                sources = at("sources.list"),
                state = dir.display(),
                status = at("status"),
                archives = at("archives"),
                fetch = fetch_settings(options)?,
            ),
        )?;
        Ok(Apt {
            config,
            dir,
            options: options.clone(),
            updated: Cell::new(false),
            _lock: lock,
        })
    }

    /// Downloads the original archive of source package `name` into `into` and
    /// returns its path. Blocks on the network.
    ///
    /// # Errors
    /// The mirror lacks it, its index is stale, or there is no network.
    pub fn download_source(&self, name: &str, into: &Path) -> anyhow::Result<PathBuf> {
        self.update()?;
        fetch(
            self.get()
                .args(["source", "--download-only", "--tar-only", name])
                .current_dir(into),
        )?;
        let found = fs::read_dir(into)?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| {
                path.file_name()
                    .is_some_and(|file| file.to_string_lossy().contains(".orig.tar"))
            });
        found.with_context(|| {
            format!(
                "apt-get source {name} left no original archive in {}",
                into.display()
            )
        })
    }

    /// Downloads binary packages (`name` or `name/suite`) into `into`. Blocks on the
    /// network.
    ///
    /// # Errors
    /// As [`Apt::download_source`].
    pub fn download(&self, packages: &[String], into: &Path) -> anyhow::Result<()> {
        self.update()?;
        fetch(self.get().arg("download").args(packages).current_dir(into))?;
        Ok(())
    }

    /// What the index says about package `name`: its fields, one a line. Blocks on the
    /// network.
    ///
    /// # Errors
    /// As [`Apt::download_source`].
    pub fn show(&self, name: &str) -> anyhow::Result<String> {
        self.update()?;
        shell::run(
            self.command("apt-cache")
                .args(["show", "--no-all-versions", name]),
        )
    }

    fn get(&self) -> Command {
        self.command("apt-get")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("APT_CONFIG", &self.config)
            .env("LC_ALL", "C")
            .arg("-q");
        command
    }

    /// Fetches the index, once.
    fn update(&self) -> anyhow::Result<()> {
        if self.updated.get() {
            return Ok(());
        }
        if self.options.offline {
            bail!(
                "--offline, and the cache lacks what {} has to fetch",
                self.dir.display()
            );
        }
        fetch(self.get().args(["update", "--error-on=any"]))?;
        self.updated.set(true);
        Ok(())
    }
}

/// The machine's Debian mirror, from its own apt configuration.
///
/// # Errors
/// None is configured: the message says what to add.
pub fn mirror() -> anyhow::Result<String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        let mut more: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .collect();
        more.sort();
        files.extend(more);
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .unwrap_or("stable")
        .trim_matches('"')
        .to_string();
    files
        .iter()
        .filter_map(|file| Some((file.extension()?.to_str()?.to_string(), fs::read_to_string(file).ok()?)))
        .find_map(|(kind, text)| match kind.as_str() {
            "list" => mirror_in_list(&text, &codename),
            "sources" => mirror_in_stanzas(&text, &codename),
            _ => None,
        })
        .with_context(|| {
            format!("no Debian mirror for suite {codename} in /etc/apt: configure one (sources.list(5)), then try again")
        })
}

/// sources.list(5), one-line style: `deb [options] URI suite component...`.
fn mirror_in_list(text: &str, codename: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line
            .split('#')
            .next()?
            .trim()
            .strip_prefix("deb ")?
            .trim_start();
        let line = match line.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?.1,
            None => line,
        };
        let mut words = line.split_whitespace();
        let (uri, suite) = (words.next()?, words.next()?);
        (is_main_suite(suite, codename) && words.any(|word| word == "main"))
            .then(|| uri.trim_end_matches('/').to_string())
    })
}

/// sources.list(5), deb822 style: stanzas of `Field: value`.
fn mirror_in_stanzas(text: &str, codename: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines
        .split(|line| line.trim().is_empty())
        .find_map(|stanza| {
            let words = |field: &str| -> Vec<&str> {
                stanza
                    .iter()
                    .filter_map(|line| line.split_once(':'))
                    .find(|(name, _)| name.eq_ignore_ascii_case(field))
                    .map(|(_, value)| value.split_whitespace().collect())
                    .unwrap_or_default()
            };
            let fits = words("Types").contains(&"deb")
                && !words("Enabled").contains(&"no")
                && words("Components").contains(&"main")
                && words("Suites")
                    .iter()
                    .any(|suite| is_main_suite(suite, codename));
            fits.then(|| {
                words("URIs")
                    .first()
                    .map(|uri| uri.trim_end_matches('/').to_string())
            })
            .flatten()
        })
}

/// The security and updates suites may lie elsewhere; the main one is what we want.
fn is_main_suite(suite: &str, codename: &str) -> bool {
    [codename, "stable", "testing", "unstable", "sid"].contains(&suite.trim_end_matches('/'))
}

/// How the machine fetches (proxies, certificates, retries), as lines of an apt
/// configuration; hooks and targets of the machine are left out.
///
/// # Errors
/// `apt-config` does not work.
pub fn fetch_settings(options: &Options) -> anyhow::Result<String> {
    let dump = shell::run(Command::new("apt-config").arg("dump"))?;
    let mut lines: Vec<&str> = dump
        .lines()
        .filter(|line| {
            let line = line.to_ascii_lowercase();
            [
                "http",
                "https",
                "ftp",
                "proxy",
                "retries",
                "forceipv4",
                "forceipv6",
            ]
            .iter()
            .any(|name| line.starts_with(&format!("acquire::{name}")))
        })
        .collect();
    if let Some(who) = stale_index_allowed(options, &dump) {
        static SAID: std::sync::Once = std::sync::Once::new();
        SAID.call_once(|| {
            say(format!("warning: the validity date of the mirror's index is not checked ({who}); signatures are"));
        });
        lines.push("Acquire::Check-Valid-Until \"false\";");
    }
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// Who explicitly allowed an index past its date: our flag, our variable, or the
/// same choice in the machine's own apt configuration.
fn stale_index_allowed(options: &Options, dump: &str) -> Option<&'static str> {
    if options.allow_stale_index {
        return Some("--allow-stale-index");
    }
    if std::env::var("SOCKEYE_ALLOW_STALE_INDEX").is_ok_and(|value| value == "1") {
        return Some("SOCKEYE_ALLOW_STALE_INDEX=1");
    }
    let off = dump.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        line.starts_with("acquire::check-valid-until")
            && ["\"false\"", "\"0\"", "\"no\""]
                .iter()
                .any(|no| line.contains(no))
    });
    off.then_some("this machine's apt configuration says so")
}

/// Runs something that fetches from the mirror. Blocks on the network.
///
/// # Errors
/// Its own words, with what to do where the mirror is at fault.
pub fn fetch(command: &mut Command) -> anyhow::Result<()> {
    shell::run(command).map(drop).map_err(explain)
}

/// Adds what to do where an index is past its date, or the mirror is away.
fn explain(error: anyhow::Error) -> anyhow::Error {
    let text = error.to_string();
    let is_away = [
        "Could not connect",
        "Could not resolve",
        "Connection failed",
        "Connection timed out",
        "Failed to fetch",
        "failed to fetch",
    ];
    if is_away.iter().any(|words| text.contains(words)) {
        return error.context(
            "the package mirror does not answer, or went away while something was fetched. What the \
             cache has is kept and what came in part is thrown away: run the same again once the \
             mirror is back; what needs nothing new runs meanwhile",
        );
    }
    if text.contains("is expired") || text.contains("not valid yet") {
        error.context(
            "the mirror's index is past its validity date. It is still signed; to accept it, \
             pass --allow-stale-index or set SOCKEYE_ALLOW_STALE_INDEX=1",
        )
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    #[test]
    fn one_line_sources() {
        let text = "# deb http://a.test/debian bookworm main\n\
                    deb http://security.test/ bookworm-security main\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://m.test/debian/ bookworm main contrib\n";
        assert_eq!(
            mirror_in_list(text, "bookworm").as_deref(),
            Some("http://m.test/debian")
        );
        assert_eq!(
            mirror_in_list("deb-src http://m.test/ bookworm main", "bookworm"),
            None
        );
        assert_eq!(
            mirror_in_list("deb http://m.test/debian trixie main", "bookworm"),
            None
        );
    }

    #[test]
    fn stanzas() {
        let text = "Types: deb\n# note\nURIs: http://other.test/x\nSuites: nodistro\nComponents: main\n\n\
                    Types: deb deb-src\nURIs: http://m.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n";
        assert_eq!(
            mirror_in_stanzas(text, "bookworm").as_deref(),
            Some("http://m.test/debian")
        );
        let off = text.replace("Types: deb deb-src", "Enabled: no\nTypes: deb");
        assert_eq!(mirror_in_stanzas(&off, "bookworm"), None);
    }

    /// A mirror that promises much and hangs up in the middle.
    fn goes_away() -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nOrigin: Debian\n",
                );
            }
        });
        format!("http://127.0.0.1:{port}/debian")
    }

    /// A mirror that is not there.
    fn is_away() -> String {
        // Free a moment ago, and nobody listens there.
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        format!("http://127.0.0.1:{port}/debian")
    }

    #[test]
    fn a_mirror_that_goes_away_is_named_and_leaves_nothing_half() {
        if shell::find("apt-get").is_none() {
            eprintln!("not run: this machine has no apt");
            return;
        }
        let more = "Acquire::http::Proxy::127.0.0.1 \"DIRECT\";\nAcquire::Retries \"0\";\n";
        for mirror in [goes_away(), is_away()] {
            let dir = tempfile::tempdir().expect("a directory");
            let options = Options {
                cache: Some(dir.path().to_path_buf()),
                ..Options::default()
            };
            let cache = Cache::open(&options).expect("a cache");
            let kept = cache.dir("sources").expect("a directory");
            fs::write(kept.join("earlier"), "kept").expect("written");
            let sources = [Source::sources("forky")];
            let thing = kept.join("thing");
            let there = || thing.exists().then_some(());
            let get = |into: &Path| {
                let apt = Apt::prepare(&cache, "src", &sources, &mirror, more, &options)?;
                fs::rename(apt.download_source("thing", into)?, &thing).map_err(Into::into)
            };
            // Twice: what the first left is in nobody's way.
            for _ in 0..2 {
                let error = cache.make("source-thing", there, get).expect_err("fails");
                let text = format!("{error:#}");
                assert!(
                    text.contains("mirror does not answer, or went away"),
                    "{text}"
                );
                // apt's own words stand behind.
                assert!(text.contains("127.0.0.1"), "{text}");
            }
            let names = fs::read_dir(&kept).expect("a directory").flatten();
            let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
            assert_eq!(names, ["earlier"]);
        }
    }

    #[test]
    fn a_stale_index_needs_somebody_to_allow_it() {
        let options = Options::default();
        let flag = Options {
            allow_stale_index: true,
            ..Options::default()
        };
        assert!(stale_index_allowed(&flag, "").is_some());
        assert!(stale_index_allowed(&options, "Acquire::Check-Valid-Until \"false\";").is_some());
        assert_eq!(
            stale_index_allowed(&options, "Acquire::Check-Valid-Until \"true\";"),
            None
        );
    }
}
