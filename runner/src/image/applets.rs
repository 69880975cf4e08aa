//! The names a busybox program answers to, read from its own table of names: a
//! program for another architecture cannot be asked with `--list`.

/// Applet names in the order of the table; empty where there is none.
pub fn names(busybox: &[u8]) -> Vec<String> {
    // The table is sorted and starts with the two spellings of test(1).
    const START: &[u8] = b"[\0[[\0a";
    let Some(start) = busybox
        .windows(START.len())
        .position(|window| window == START)
    else {
        return Vec::new();
    };
    busybox[start..]
        .split(|&byte| byte == 0)
        .take_while(|name| !name.is_empty())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn reads_up_to_the_empty_name() {
        let file = b"junk[\0[[\0 or null\0 [\0[[\0acpid\0zcat\0\0junk\0";
        assert_eq!(names(file), ["[", "[[", "acpid", "zcat"]);
        assert!(names(b"nothing").is_empty());
    }
}
