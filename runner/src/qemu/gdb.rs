//! A guest that waits for gdb before its first instruction.

use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use super::machine::quote;

/// Makes `command` start its guest stopped, with QEMU's stub on a free port of this
/// host; answers what to type in another terminal.
pub fn stop_for(command: &mut Vec<OsString>, kernel: &Path) -> io::Result<String> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port();
    let stub = format!("tcp:127.0.0.1:{port}");
    command.extend(["-S", "-gdb", &stub].map(OsString::from));
    let gdb = ["gdb-multiarch", "-ex"].map(OsString::from);
    let target = format!("target remote 127.0.0.1:{port}").into();
    let line: Vec<OsString> = gdb.into_iter().chain([target, kernel.into()]).collect();
    Ok(quote(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_the_port_that_qemu_listens_on() {
        let mut command = vec![OsString::from("qemu")];
        let line = stop_for(&mut command, Path::new("kernel-rv")).expect("a free port");
        let stub = command
            .last()
            .expect("a word")
            .to_string_lossy()
            .into_owned();
        let port = stub.strip_prefix("tcp:").expect("tcp");
        assert_eq!(
            line,
            format!("gdb-multiarch -ex 'target remote {port}' kernel-rv")
        );
        assert!(command.contains(&OsString::from("-S")));
    }
}
