//! basic: small programs around one system call each, `========== START test_brk ==========` to
//! `========== END test_brk ==========`, whose words are checked. A point for each check that
//! holds; the first that does not ends its test. What a program without an END said is dropped.

use super::{Judged, checks};

/// What a program said.
type Said<'a> = [&'a str];

/// Counts checks; `None` ends a test.
#[derive(Default)]
struct Tally(usize);

impl Tally {
    fn that(&mut self, holds: bool) -> Option<()> {
        self.0 += usize::from(holds);
        holds.then_some(())
    }

    /// At least so many lines.
    fn lines(&mut self, said: &Said<'_>, least: usize) -> Option<()> {
        self.that(said.len() >= least)
    }

    /// A line, as it is.
    fn says(&mut self, said: &Said<'_>, at: usize, text: &str) -> Option<()> {
        let line = said.get(at)?;
        self.that(*line == text)
    }

    /// A line with `text` in it.
    fn holds(&mut self, said: &Said<'_>, at: usize, text: &str) -> Option<()> {
        let line = said.get(at)?;
        self.that(line.contains(text))
    }

    /// A line somewhere that `pattern` is found in.
    fn anywhere(&mut self, said: &Said<'_>, pattern: &str) -> Option<()> {
        self.that(said.iter().any(|line| found(line, pattern).is_some()))
    }

    /// A number above `bound` where `pattern` is found; no check where it is not.
    fn above(&mut self, said: &Said<'_>, at: usize, pattern: &str, bound: i64) -> Option<()> {
        match found(said.get(at)?, pattern) {
            Some(parts) => self.that(parts.first()?.parse::<i64>().ok()? > bound),
            None => Some(()),
        }
    }
}

/// Finds `pattern` in `line`: `#` stands for digits, `*` for anything and at least one character of
/// it. Answers what they stand for.
fn found<'a>(line: &'a str, pattern: &str) -> Option<Vec<&'a str>> {
    (0..line.len())
        .filter(|&at| line.is_char_boundary(at))
        .find_map(|at| matched(&line[at..], pattern))
}

fn matched<'a>(text: &'a str, pattern: &str) -> Option<Vec<&'a str>> {
    let Some(first) = pattern.chars().next() else {
        return Some(Vec::new());
    };
    let rest = &pattern[first.len_utf8()..];
    let fits = |c: char| first == '*' || c.is_ascii_digit();
    if first != '#' && first != '*' {
        return matched(text.strip_prefix(first)?, rest);
    }
    let longest = text.find(|c| !fits(c)).unwrap_or(text.len());
    let ends = text[..longest].char_indices().rev();
    ends.map(|(at, c)| at + c.len_utf8()).find_map(|end| {
        let mut parts = matched(&text[end..], rest)?;
        parts.insert(0, &text[..end]);
        Some(parts)
    })
}

type Rule = fn(&Said<'_>, &mut Tally) -> Option<()>;

/// Name, number of checks, checks.
const TESTS: &[(&str, usize, Rule)] = &[
    ("brk", 3, |said, tally| {
        tally.lines(said, 3)?;
        let at = |line: usize, words: &str| -> Option<i64> {
            found(said[line], &format!("{words},heap pos: *"))?[0]
                .parse()
                .ok()
        };
        let first = at(0, "Before alloc")?;
        let (second, third) = (at(1, "After alloc")?, at(2, "Alloc again")?);
        tally.that(first + 64 == second)?;
        tally.that(second + 64 == third)
    }),
    ("chdir", 3, |said, tally| {
        tally.lines(said, 2)?;
        if let Some(parts) = found(said[0], "chdir ret: #") {
            tally.that(parts[0].ends_with('0'))?;
        }
        tally.holds(said, 1, "test_chdir")
    }),
    ("clone", 4, |said, tally| {
        tally.lines(said, 3)?;
        tally.anywhere(said, "  Child says successfully!")?;
        tally.anywhere(said, "pid:#")?;
        tally.anywhere(said, "clone process successfully")
    }),
    ("close", 2, |said, tally| {
        tally.lines(said, 1)?;
        tally.anywhere(said, "  close # success")
    }),
    ("dup2", 2, |said, tally| {
        tally.lines(said, 1)?;
        tally.says(said, 0, "  from fd 100")
    }),
    ("dup", 2, |said, tally| {
        tally.lines(said, 1)?;
        match found(said[0], "  new fd is #") {
            Some(parts) => tally.that(parts[0].parse() != Ok(1)),
            None => None,
        }
    }),
    ("execve", 3, |said, tally| {
        tally.lines(said, 2)?;
        tally.says(said, 0, "  I am test_echo.")?;
        tally.says(said, 1, "execve success.")
    }),
    ("exit", 2, |said, tally| {
        tally.lines(said, 1)?;
        tally.says(said, 0, "exit OK.")
    }),
    ("fork", 3, |said, tally| {
        tally.lines(said, 2)?;
        tally.anywhere(said, "  parent process. wstatus:#")?;
        tally.anywhere(said, "  child process")
    }),
    ("fstat", 3, |said, tally| {
        tally.lines(said, 2)?;
        if let Some(parts) = found(said[0], "fstat ret: #") {
            tally.that(parts[0] == "0")?;
        }
        let stat =
            "fstat: dev: #, inode: #, mode: #, nlink: #, size: #, atime: #, mtime: #, ctime: #";
        match found(said[1], stat) {
            Some(parts) => tally.that(parts[3] == "1"),
            None => None,
        }
    }),
    ("getcwd", 2, |said, tally| {
        tally.lines(said, 1)?;
        tally.anywhere(said, "getcwd: * successfully!")
    }),
    ("getdents", 5, |said, tally| {
        tally.lines(said, 4)?;
        tally.above(said, 0, "open fd:#", 1)?;
        tally.above(said, 1, "getdents fd:#", 1)?;
        tally.says(said, 2, "getdents success.")?;
        tally.that(!said[3].is_empty())
    }),
    ("getpid", 3, |said, tally| {
        tally.lines(said, 2)?;
        tally.says(said, 0, "getpid success.")?;
        tally.above(said, 1, "pid = #", 0)
    }),
    ("getppid", 2, |said, tally| {
        tally.lines(said, 1)?;
        tally.holds(said, 0, "  getppid success. ppid : ")
    }),
    ("gettimeofday", 3, |said, tally| {
        tally.lines(said, 3)?;
        tally.says(said, 0, "gettimeofday success.")?;
        tally.above(said, 2, "interval: #", 0)
    }),
    ("mkdir", 3, |said, tally| {
        tally.lines(said, 2)?;
        tally.holds(said, 0, "mkdir ret:")?;
        tally.holds(said, 1, "  mkdir success.")
    }),
    ("mmap", 3, |said, tally| {
        tally.lines(said, 2)?;
        tally.above(said, 0, "file len: #", 26)?;
        tally.says(said, 1, "mmap content:   Hello, mmap successfully!")
    }),
    ("mount", 5, |said, tally| {
        tally.lines(said, 4)?;
        tally.that(found(said[0], "Mounting dev:* to ./mnt").is_some())?;
        tally.says(said, 1, "mount return: 0")?;
        tally.says(said, 2, "mount successfully")?;
        tally.says(said, 3, "umount return: 0")
    }),
    ("munmap", 4, |said, tally| {
        tally.lines(said, 3)?;
        tally.above(said, 0, "file len: #", 26)?;
        tally.says(said, 1, "munmap return: 0")?;
        tally.says(said, 2, "munmap successfully!")
    }),
    ("open", 3, two_lines_of_a_file),
    ("openat", 4, |said, tally| {
        tally.lines(said, 3)?;
        tally.above(said, 0, "open dir fd: #", 1)?;
        let number = |at: usize, pattern: &str| -> Option<Option<i64>> {
            Some(found(said[at], pattern).and_then(|parts| parts[0].parse().ok()))
        };
        if let Some(file) = number(1, "openat fd: #")? {
            // Without the directory's the judge gives up here.
            let dir = number(0, "open dir fd: #")??;
            tally.that(file > dir)?;
        }
        tally.says(said, 2, "openat success.")
    }),
    ("pipe", 4, |said, tally| {
        tally.lines(said, 3)?;
        let lines = &said[..3];
        tally.that(lines.contains(&"cpid: 0"))?;
        let parent = |line: &&&str| {
            let parts = found(line, "cpid: #");
            parts.is_some_and(|parts| parts[0].parse::<i64>().is_ok_and(|pid| pid > 0))
        };
        tally.that(lines.iter().any(|line| parent(&line)))?;
        tally.says(said, 2, "  Write to pipe successfully.")
    }),
    ("read", 3, two_lines_of_a_file),
    ("sleep", 2, |said, tally| {
        tally.lines(said, 1)?;
        tally.says(said, 0, "sleep success.")
    }),
    ("times", 6, |said, tally| {
        tally.lines(said, 2)?;
        tally.says(said, 0, "mytimes success")?;
        let times = "{tms_utime:*, tms_stime:*, tms_cutime:*, tms_cstime:*}";
        for part in found(said[1], times)? {
            tally.that(part.trim().parse::<i64>().ok()? >= 0)?;
        }
        Some(())
    }),
    ("umount", 5, |said, tally| {
        tally.lines(said, 4)?;
        tally.that(found(said[0], "Mounting dev:* to ./mnt").is_some())?;
        tally.says(said, 1, "mount return: 0")?;
        tally.says(said, 2, "umount success.")?;
        tally.says(said, 3, "return: 0")
    }),
    ("uname", 2, |said, tally| {
        tally.lines(said, 1)?;
        tally.holds(said, 0, "Uname: ")
    }),
    ("unlink", 2, |said, tally| {
        tally.lines(said, 1)?;
        tally.says(said, 0, "  unlink success!")
    }),
    ("wait", 4, |said, tally| {
        tally.lines(said, 3)?;
        tally.says(said, 0, "This is child process")?;
        tally.says(said, 1, "wait child success.")?;
        tally.says(said, 2, "wstatus: 0")
    }),
    ("waitpid", 4, |said, tally| {
        tally.lines(said, 3)?;
        tally.says(said, 0, "This is child process")?;
        tally.says(said, 1, "waitpid successfully.")?;
        tally.says(said, 2, "wstatus: 3")
    }),
    ("write", 2, |said, tally| {
        tally.lines(said, 1)?;
        tally.says(said, 0, "Hello operating system contest.")
    }),
    ("yield", 4, |said, tally| {
        tally.that(said.len() == 15)?;
        for digit in ["0", "1", "2"] {
            let count: usize = said.iter().map(|line| line.matches(digit).count()).sum();
            tally.that(count >= 3)?;
        }
        Some(())
    }),
];

fn two_lines_of_a_file(said: &Said<'_>, tally: &mut Tally) -> Option<()> {
    tally.lines(said, 2)?;
    tally.says(said, 0, "Hi, this is a text file.")?;
    tally.says(said, 1, "syscalls testing success!")
}

/// Judges every test that has an end; the others have no points.
pub fn judge(lines: &[&str]) -> Judged {
    let mut passed = vec![0; TESTS.len()];
    let mut open: Option<(&str, usize)> = None;
    for (at, line) in lines.iter().enumerate() {
        if let Some(name) = started(line) {
            open = Some((name, at + 1));
        } else if line.contains("========== END ")
            && let Some((name, from)) = open.take()
        {
            let said: Vec<&str> = lines[from..at].iter().map(|line| line.trim_end()).collect();
            let own = name.strip_prefix("test_").unwrap_or_default();
            if let Some(test) = TESTS.iter().position(|(known, ..)| *known == own) {
                let mut tally = Tally::default();
                TESTS[test].2(&said, &mut tally);
                passed[test] = tally.0;
            }
        }
    }
    let entries = TESTS.iter().zip(passed);
    let entries =
        entries.map(|((name, all, _), passed)| checks(format!("test_{name}"), passed, *all));
    Judged::new(entries.collect(), TESTS.len())
}

fn started(line: &str) -> Option<&str> {
    let rest = line.split_once("========== START ")?.1;
    Some(rest.rsplit_once(" ==========")?.0)
}
